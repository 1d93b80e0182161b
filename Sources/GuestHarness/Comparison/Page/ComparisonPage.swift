// SPDX-License-Identifier: MIT

import BenchReport
import Foundation

/// A comparison as one HTML page that needs nothing but itself: no script, no network.
public struct ComparisonPage {
    let report: ComparisonReport
    let costs: [BenchRecord]

    public init(_ report: ComparisonReport, costs: [BenchRecord]) {
        self.report = report
        self.costs = costs
    }

    public var html: HTML {
        """
        <!DOCTYPE html>
        <!-- SPDX-License-Identifier: MIT -->
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>The robust futex race, kernel by kernel</title>
        <style>
        \(PageStyle.sheet)
        </style>
        </head>
        <body>
        \(head)
        \(SummarySection(report: report).html)
        \(WindowSection(report: report).html)
        \(CostSection(records: costs).html)
        \(KernelSection(report: report).html)
        \(DetailSection(report: report).html)
        \(method)
        </body>
        </html>

        """
    }

    private var head: HTML {
        let verdict = report.verdict
        let items =
            (verdict.problems.map { "<li class=\"wrong\">\($0)</li>" as HTML })
            + (verdict.findings + verdict.remarks).map { "<li>\($0)</li>" as HTML }
        return """
            <header>
            <h1>The robust futex race, kernel by kernel</h1>
            <p>A thread unlocks a robust mutex. Between the release of the futex word and the clearing of
            <code>list_op_pending</code> it is killed; another process has by then locked, unlocked and destroyed the mutex,
            and uses the memory for something else. Whether the kernel then writes to that memory was tried here at
            \(report.quick ? "the instruction boundaries in and beside the race window" : "every instruction boundary") of the
            unlock, with unmodified C libraries.</p>
            <div class="verdict \(verdict.isGood ? "good" : "bad")"><b>\(verdict.isGood ? "Passed" : "Failed")</b>:
            \(report.cells.count) cells, \(verdict.problems.count) problems\(report.quick ? "; quick: no other boundaries were tried" : "")
            <ul>\(items.joined())</ul></div>
            <p class="faint">\(PageWords.date(report.started)) · <code>\(report.command.map(Tool.shellQuoted).joined(separator: " "))</code></p>
            </header>
            """
    }

    private var method: HTML {
        """
        <section id="method">
        <h2>How to repeat it</h2>
        <pre>\(report.command.map(Tool.shellQuoted).joined(separator: " "))</pre>
        <p>One cell alone: <code>./qemu/compare --kernels KERNEL --scenarios '^IDENTIFIER$' --fresh</code>, with an identifier
        of TECHNIQUE/UNLOCKER/VARIANT/MEMORY/KILLER/DESTROYER as in
        <code>single-step/glibc64/plain/shared/sigkill/legacy</code>. All numbers are also in <code>comparison.json</code>
        beside this page. The guests had \(report.machine.processors) processors and \(report.machine.memory) MiB;
        \(images)</p>
        </section>
        """
    }

    private var images: HTML {
        let digests = report.machine.imageDigest.split(separator: " ")
        let codes = digests.map { "<code class=\"digest\">\($0)</code>" as HTML }.joined()
        return digests.count == 1
            ? "their image is SHA-256 \(codes)" : "their images, one an architecture, are SHA-256 \(codes)"
    }
}
