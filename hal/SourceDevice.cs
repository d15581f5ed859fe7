namespace Sluice.Hal;

/// <summary>What a device behind a source told about itself.</summary>
/// <param name="Source">The source's name in the configuration.</param>
/// <param name="UnitId">Its Modbus unit id.</param>
/// <param name="Vendor">Who made it; empty where it does not tell, as with all that follow.</param>
/// <param name="Product">What it is.</param>
/// <param name="Revision">Of its firmware: another one after a repair says that the device was swapped.</param>
/// <param name="Model">Of the product.</param>
/// <param name="Label">The name that its user gave it.</param>
public sealed record SourceDevice(
    string Source, int UnitId, string Vendor, string Product, string Revision, string Model, string Label);
