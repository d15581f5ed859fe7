namespace Sluice.Evidence;

/// <summary>The three zones, what flows between them, and what is tried and does not.</summary>
internal static class ZonesPicture
{
    public const string Svg = """
        <svg viewBox="0 0 1040 430" role="img" aria-label="OT, DMZ and IT with a firewall between each two: readings
        flow from the gateway to the broker, the office looks at the MES, everything else is refused">
        <style>
          .zone { fill: none; stroke: var(--line); stroke-width: 1.5; }
          .zone-name { font-size: 15px; font-weight: 600; }
          .host { fill: var(--page); stroke: var(--line); stroke-width: 1.5; }
          .gate { stroke: var(--accent); stroke-width: 2.5; }
          text { fill: var(--ink); font: 13px system-ui, sans-serif; } .small { font-size: 11.5px; fill: var(--soft); }
          .wall { fill: var(--hint); opacity: .85; } .wall-name { fill: var(--soft); font-size: 12px; }
          .flow { stroke: var(--good); stroke-width: 2.5; fill: none; marker-end: url(#good-tip); }
          .shut { stroke: var(--bad); stroke-width: 1.6; fill: none; stroke-dasharray: 5 4; }
          .flow-name { fill: var(--good); font-size: 11px; } .shut-name { fill: var(--bad); font-size: 12px; }
          .cross { stroke: var(--bad); stroke-width: 2.6; }
        </style>
        <defs><marker id="good-tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7"
          orient="auto-start-reverse"><path d="M0 0 10 5 0 10z" fill="var(--good)"/></marker></defs>

        <rect class="zone" x="10" y="30" width="390" height="350" rx="14"/>
        <text class="zone-name" x="28" y="56">OT</text>
        <rect class="zone" x="500" y="30" width="240" height="350" rx="14"/>
        <text class="zone-name" x="518" y="56">DMZ</text>
        <rect class="zone" x="840" y="30" width="190" height="350" rx="14"/>
        <text class="zone-name" x="858" y="56">IT</text>
        <rect class="wall" x="441" y="60" width="10" height="290" rx="4"/>
        <text class="wall-name" x="446" y="372" text-anchor="middle">firewall</text>
        <rect class="wall" x="785" y="60" width="10" height="290" rx="4"/>
        <text class="wall-name" x="790" y="372" text-anchor="middle">firewall</text>

        <rect class="host" x="30" y="92" width="118" height="54" rx="8"/>
        <text x="89" y="115" text-anchor="middle">PLC</text>
        <text class="small" x="89" y="133" text-anchor="middle">Modbus TCP 502</text>
        <rect class="host" x="30" y="252" width="118" height="54" rx="8"/>
        <text x="89" y="275" text-anchor="middle">panel</text>
        <text class="small" x="89" y="293" text-anchor="middle">Modbus TCP 502</text>
        <rect class="host gate" x="232" y="112" width="150" height="92" rx="8"/>
        <text x="307" y="136" text-anchor="middle" font-weight="600">gateway</text>
        <text class="small" x="307" y="155" text-anchor="middle">sluice-agent, jailed</text>
        <text class="small" x="307" y="172" text-anchor="middle">rules of its own</text>
        <text class="small" x="307" y="189" text-anchor="middle">two cards, no forwarding</text>
        <rect class="host" x="545" y="92" width="150" height="54" rx="8"/>
        <text x="620" y="115" text-anchor="middle">MQTT broker</text>
        <text class="small" x="620" y="133" text-anchor="middle">mutual TLS 8883</text>
        <rect class="host" x="545" y="222" width="150" height="54" rx="8"/>
        <text x="620" y="245" text-anchor="middle">MES, time</text>
        <text class="small" x="620" y="263" text-anchor="middle">reads from the broker</text>
        <rect class="host" x="870" y="222" width="130" height="54" rx="8"/>
        <text x="935" y="254" text-anchor="middle">office</text>

        <path class="flow" d="M232 140 L152 122"/><text class="flow-name" x="168" y="112">reads</text>
        <path class="flow" d="M232 180 L152 262"/><text class="flow-name" x="150" y="206">reads</text>
        <path class="flow" d="M382 140 L541 122"/><text class="flow-name" x="454" y="116" font-size="11">readings</text>
        <path class="flow" d="M382 178 L541 236"/><text class="flow-name" x="406" y="178">time</text>
        <path class="flow" d="M620 222 L620 150"/>
        <path class="flow" d="M870 250 L699 250"/><text class="flow-name" x="806" y="240">looks</text>

        <path class="shut" d="M148 290 C 260 330 340 330 436 318"/><path class="cross" d="m430 311 12 14m0-14-12 14"/>
        <text class="shut-name" x="190" y="346">panel, also in the gateway's name</text>
        <path class="shut" d="M545 268 C 520 284 490 290 457 286"/><path class="cross" d="m451 279 12 14m0-14-12 14"/>
        <text class="shut-name" x="512" y="306">DMZ into OT</text>
        <path class="shut" d="M870 268 C 850 300 830 312 801 312"/><path class="cross" d="m795 305 12 14m0-14-12 14"/>
        <text class="shut-name" x="852" y="322">IT beyond the MES</text>
        <path class="shut" d="M307 204 L307 244"/><path class="cross" d="m301 238 12 14m0-14-12 14"/>
        <text class="shut-name" x="242" y="270">all else of the agent</text>
        <text class="small" x="14" y="412">Green: the stated flows. Red: tried by IPv4 and IPv6, TCP, UDP and
        echo, and counted at the far end.</text>
        </svg>
        """;
}
