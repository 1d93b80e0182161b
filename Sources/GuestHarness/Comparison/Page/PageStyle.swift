// SPDX-License-Identifier: MIT

/// The style of the comparison's page: on a wide screen, on a phone, in the dark, on paper.
///
/// A verdict is told by its word and by a mark, never by colour alone. Nothing is loaded from anywhere.
enum PageStyle {
    static let sheet: HTML = """
        :root { color-scheme: light dark;
          --paper: #ffffff; --ink: #1d1f23; --faint: #61666f; --line: #d5d8dd; --panel: #f5f6f8;
          --bad: #b3261e; --bad-paper: #fbe9e7; --good: #1b6e3c; --good-paper: #e6f3ea;
          --none-paper: #eef0f2; --warn: #8a5a00; --warn-paper: #fdf1dc;
          --window: #f0b429; --step: #c4c9d0; --a: #2f5fb3; --b: #b3541e; --c: #6b4fa0; --d: #1b6e3c; }
        @media (prefers-color-scheme: dark) { :root {
          --paper: #16181c; --ink: #e7e9ec; --faint: #a0a6b0; --line: #3a3f47; --panel: #1f2227;
          --bad: #ff8a80; --bad-paper: #46201d; --good: #7fd6a0; --good-paper: #17372a;
          --none-paper: #262a30; --warn: #ffcf7a; --warn-paper: #3d2f12;
          --window: #b98712; --step: #4b515b; --a: #8ab0f5; --b: #f2a272; --c: #c0a8ee; --d: #7fd6a0; } }
        * { box-sizing: border-box; }
        html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
        body { margin: 0 auto; max-width: 76rem; padding: 1rem 1rem 3rem; background: var(--paper);
          color: var(--ink); font: 16px/1.5 system-ui, sans-serif; }
        h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0; }
        h2 { font-size: 1.25rem; margin: 2.2rem 0 .5rem; border-bottom: 1px solid var(--line); }
        h3 { font-size: 1.05rem; margin: 1.4rem 0 .3rem; }
        p, ul, ol { max-width: 46rem; overflow-wrap: anywhere; }
        code, pre, .mono { font-family: ui-monospace, monospace; font-size: .87em; }
        pre { background: var(--panel); padding: .6rem .8rem; overflow-x: auto; border-radius: 4px; }
        .faint { color: var(--faint); }
        .verdict { padding: .7rem .9rem; border-left: 5px solid; border-radius: 4px; margin: 1rem 0; }
        .verdict.good { border-color: var(--good); background: var(--good-paper); }
        .verdict.bad { border-color: var(--bad); background: var(--bad-paper); }
        .verdict ul { margin: .4rem 0 0; padding-left: 1.2rem; max-width: none; font-size: .92rem; }
        .verdict .faint { font-weight: 400; }
        .scroll { overflow-x: auto; max-width: 100%; }
        table { border-collapse: collapse; font-size: .92rem; margin: .6rem 0; }
        caption { text-align: left; color: var(--faint); padding-bottom: .3rem; }
        th, td { text-align: left; vertical-align: top; padding: .3rem .5rem; border: 1px solid var(--line); }
        td { overflow-wrap: anywhere; } tbody th { min-width: 10.5rem; }
        th .faint { font-weight: 400; }
        thead th { background: var(--panel); }
        td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
        td.corrupted { background: var(--bad-paper); }
        td.intact { background: var(--good-paper); }
        td.cannot { background: var(--none-paper); color: var(--faint); }
        td.broken { background: var(--warn-paper); }
        .word { font-weight: 650; white-space: nowrap; }
        .corrupted .word { color: var(--bad); } .intact .word { color: var(--good); }
        .broken .word { color: var(--warn); }
        .wrong { color: var(--bad); font-weight: 650; }
        svg { max-width: 100%; height: auto; display: block; font: 12px system-ui, sans-serif; }
        svg text { fill: var(--ink); } svg .faint { fill: var(--faint); }
        .step { fill: var(--step); } .window { fill: var(--window); } .hit { fill: var(--bad); }
        .axis { stroke: var(--line); stroke-width: 1; } .target { stroke: var(--faint); stroke-dasharray: 4 4; }
        .series-a { stroke: var(--a); fill: var(--a); } .series-b { stroke: var(--b); fill: var(--b); }
        .series-c { stroke: var(--c); fill: var(--c); } .series-d { stroke: var(--d); fill: var(--d); }
        .figures { display: grid; gap: 1.4rem 2rem;
          grid-template-columns: repeat(auto-fill, minmax(min(340px, 100%), 1fr)); }
        figure { margin: 0; } figcaption { margin-bottom: .3rem; } .digest { overflow-wrap: anywhere; }
        polyline { fill: none !important; stroke-width: 2; }
        .key { display: inline-block; width: .8em; height: .8em; margin: 0 .3em 0 .8em; border-radius: 2px; }
        @media (max-width: 44rem) {
          body { padding: .7rem .7rem 2rem; font-size: 15px; }
          table.stack, .stack tbody, .stack tr, .stack td, .stack th { display: block; width: 100%; }
          .stack thead { display: none; }
          .stack tr { margin: 0 0 .8rem; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; }
          .stack th, .stack td { border: 0; border-top: 1px solid var(--line); }
          .stack td.number { text-align: left; }
          .stack tr > :first-child { border-top: 0; background: var(--panel); }
          .stack [data-label]::before { content: attr(data-label); display: block; color: var(--faint);
            font-size: .82rem; }
        }
        @media print {
          :root { --paper: #fff; --ink: #000; --faint: #444; --line: #999; --panel: #f2f2f2;
            --bad: #9b1c15; --bad-paper: #fbe9e7; --good: #14552e; --good-paper: #e6f3ea;
            --none-paper: #f0f0f0; --warn: #6d4700; --warn-paper: #fdf1dc; --window: #e0a100;
            --step: #bbb; --a: #1d4f9e; --b: #a03f0c; --c: #553a8a; --d: #14552e; }
          body { font-size: 10pt; max-width: none; padding: 0; } table { font-size: 8.5pt; }
          tbody th { min-width: 7.5rem; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          h2, h3 { break-after: avoid; } tr, figure, .verdict { break-inside: avoid; }
          .scroll { overflow: visible; } a { color: inherit; }
        }
        """
}
