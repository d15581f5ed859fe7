namespace Sluice.Provisioning.Keys;

/// <summary>
/// The TPM, or OpenSSL's provider for it, does not do what is wanted. An IOException, because whoever changes the
/// identity directory handles it as a disk that fails: what is in use stays in use.
/// </summary>
/// <param name="happened">What happened, without a full stop.</param>
/// <param name="whatToDo">What a person can do, likewise.</param>
public sealed class TpmException(string happened, string whatToDo) : IOException($"{happened}: {whatToDo}")
{
    public string Happened => happened;

    public string WhatToDo => whatToDo;
}
