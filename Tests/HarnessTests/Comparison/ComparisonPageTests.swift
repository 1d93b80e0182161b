// SPDX-License-Identifier: MIT

import BenchReport
import Foundation
import Testing

@testable import GuestHarness

@Suite struct ComparisonPageTests {
    private func page(costs: [BenchRecord] = []) throws -> String {
        ComparisonPage(Samples.comparison(try Samples.good()), costs: costs).html.source
    }

    /// Costs of a call that grows by 100 a thread from 1000.
    private func benchmark(
        patched: Bool, fork: Double = 5_000, callers: CallersReport? = nil
    ) -> BenchRecord {
        let threads = [1, 16, 128].map { count in
            Measurement(
                name: "own-threads/\(count)", group: .call, title: "<\(count) threads>",
                point: .init(series: "own-threads", unit: "thread", x: Double(count)),
                cost: .init([1000 + 100 * Double(count)], isStable: true))
        }
        let bystander = Measurement(
            name: "fork", group: .bystander, title: "fork and wait", cost: .init([fork], isStable: true))
        let report = BenchReport(
            kernel: .init(
                release: patched ? "7.3.4-patched-bench" : "7.3.4-stock-bench", machine: "x86_64",
                hasCleanupRobustList: patched),
            clock: .init(
                unit: .instructions, evidence: ["a loop took as long as it has instructions"], overhead: 3),
            measurements: (patched ? threads : []) + [bystander])
        var record = BenchRecord(
            kernel: patched ? "patched-bench" : "stock-bench", identity: "same",
            command: "./qemu/run --bench --bench-kernel <patched>", emulator: "QEMU 7", date: "2026-11-24",
            passes: [report, report])
        record.callers = callers
        return record
    }

    @Test func textIsEscapedWhereverItComesFrom() throws {
        let html: HTML = "<p title=\"\("\"&'<>")\">\("<script>")</p>"
        #expect(html.source == "<p title=\"&quot;&amp;&#39;&lt;&gt;\">&lt;script&gt;</p>")
        #expect(("<i>\(html)</i>" as HTML).source == "<i>\(html.source)</i>")
        let page = try page()
        // The command line and the program's name of the samples hold markup.
        #expect(!page.contains("<b>&"))
        #expect(!page.contains("<victim>"))
        #expect(page.contains("&lt;victim&gt;"))
    }

    @Test func pageLoadsNothingAndRunsNothing() throws {
        let page = try page(costs: [benchmark(patched: true), benchmark(patched: false)])
        for forbidden in [
            "<script", "<link", "<img", "<iframe", "<object", "src=", "href=", "url(", "@import", "http:",
            "https:",
            "javascript:", "onload",
        ] {
            #expect(!page.contains(forbidden))
        }
    }

    /// Every element that is opened is closed, in order: a page that is cut off or nested wrongly is not.
    @Test func elementsAreBalanced() throws {
        let page = try page(costs: [benchmark(patched: true), benchmark(patched: false)])
        var open: [Substring] = []
        let void: Set<Substring> = ["meta", "br", "rect", "line", "circle", "polyline"]
        for match in page.matches(of: /<(\/?)([a-zA-Z][a-zA-Z0-9]*)[^>]*>/) where !void.contains(match.2) {
            if match.1.isEmpty {
                open.append(match.2)
            } else {
                #expect(open.popLast() == match.2)
            }
        }
        #expect(open == [])
    }

    @Test func everyCellAndVerdictIsOnThePage() throws {
        let page = try page()
        #expect(page.contains("<b>Passed</b>"))
        #expect(page.contains("3 of 10"))
        #expect(page.contains("corrupted 3 of 10"))
        #expect(page.contains("cannot run: the kernel has no such call"))
        #expect(page.components(separatedBy: "class=\"hit\"").count == 3)
    }

    /// The same unlock of two architectures: two tables, two pictures, and their libraries apart.
    @Test func architecturesAreKeptApart() throws {
        let other = Samples.kernel("stock-arm64", patched: false, release: "7.3.4", architecture: "arm64")
        let cell = Samples.cell(Samples.scenario(), corruptedAt: [4, 5, 6])
        let cells = try [Samples.stock, other].map { try Samples.compared(cell, on: $0) }
        var report = Samples.comparison(cells, [Samples.stock, other])
        report.machine.imageDigest = "feed beef"
        #expect(report.architectures == ["x86_64", "arm64"])
        let page = ComparisonPage(report, costs: []).html.source
        func count(_ text: String) -> Int { page.components(separatedBy: text).count - 1 }
        #expect(count("<figure>") == 2)
        for name in ["x86_64", "arm64"] {
            #expect(count("<figcaption><b>\(name), glibc") == 1)
            #expect(count("<th scope=\"row\">\(name), glibc") == 1)
            #expect(count("<td data-label=\"architecture\">\(name)</td>") == 1)
        }
        #expect(page.contains("<code class=\"digest\">feed</code>"))
        #expect(page.contains("<code class=\"digest\">beef</code>"))
        #expect(ComparisonTable.lines(of: report).contains { $0.hasPrefix("arm64  ") })
        #expect(
            !ComparisonTable.lines(of: Samples.comparison(try Samples.good())).joined().contains("x86_64"))
    }

    @Test func costsAreShownWhenThereAreAny() throws {
        #expect(!(try page()).contains("What it costs"))
        let page = try page(costs: [benchmark(patched: true), benchmark(patched: false)])
        #expect(page.contains("What it costs"))
        #expect(page.contains("1,000 + 100 for each thread"))
        #expect(page.contains("1,100 <span class=\"word\">met</span>"))
        #expect(page.contains("not measured"))
        #expect(page.contains("<span class=\"word\">equal</span>"))
    }

    @Test(
        arguments: [
            (1.0, 0, "intact\"", "met"), (0.9, 0, "broken\"", "below"), (1.0, 8, "broken\"", "failed"),
        ] as [(Double, Int, String, String)])
    func callersAtOnceAreShownWithTheCount(
        ratio: Double, searches: Int, style: String, word: String
    ) throws {
        let callers = callersReport([ratio], searches: searches)
        let page = try page(costs: [benchmark(patched: true, callers: callers), benchmark(patched: false)])
        let row = try #require(page.firstMatch(of: /(?s)<tr><th scope="row">four callers at once.*?<\/tr>/))
        #expect(row.0.contains(style))
        #expect(row.0.contains("<span class=\"word\">\(word)</span>"))
        #expect(row.0.contains("0.95 or more"))
        #expect(row.0.contains(" calls: \(searches)<"))
        #expect(!(try self.page(costs: [benchmark(patched: true)])).contains("callers at once"))
    }

    /// As ./qemu/run --bench judges: a part that is only lookup is no difference, what remains is one.
    @Test(arguments: [(5_003.0, "equal"), (5_100, "differs")])
    func everybodyElseIsJudgedAsByTheBench(cost: Double, verdict: String) throws {
        let page = try page(costs: [benchmark(patched: true, fork: cost), benchmark(patched: false)])
        #expect(page.contains("<span class=\"word\">\(verdict)</span>"))
        #expect(page.contains("data-label=\"difference\">\(CostSection.number(cost - 5_000))<"))
    }

    @Test(
        arguments: [
            (3.0, [0, 1, 2, 3]), (128, [0, 50, 100, 150]), (60_000, [0, 20_000, 40_000, 60_000]),
        ] as [(Double, [Double])])
    func axisHasRoundTicksUpToTheLargestValue(_ maximum: Double, _ ticks: [Double]) {
        #expect(LineChart.ticks(to: maximum) == ticks)
    }

    @Test(arguments: [
        (0.0, "0"), (7.25, "7.2"), (999, "999"), (1000, "1,000"), (-1234, "-1,234"), (-123, "-123"),
        (2_670_000, "2,670,000"),
    ])
    func numbersAreGrouped(_ value: Double, _ text: String) {
        #expect(CostSection.number(value) == text)
    }

    @Test func neighboursBecomeOneBar() {
        #expect(WindowStrips.runs(of: [6, 4, 5, 9]) == [4..<7, 9..<10])
        #expect(WindowStrips.runs(of: []) == [])
    }
}
