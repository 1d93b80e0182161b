// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct CoverageTests {
    private typealias Line = (number: Int, count: Int, branches: [Int])

    private func report(_ lines: Line..., file: String = "/tree/kernel/futex/cleanup.c") throws -> GcovReport
    {
        let lines = lines.map { line in
            let branches = line.branches.map { #"{"count": \#($0), "throw": false, "fallthrough": true}"# }
            return """
                {"line_number": \(line.number), "count": \(line.count), \
                "unexecuted_block": false, "branches": [\(branches.joined(separator: ","))]}
                """
        }
        let json = """
            {"format_version": "1", "files": [
                {"file": "include/linux/x.h", "lines": []},
                {"file": "\(file)", "lines": [\(lines.joined(separator: ","))]}]}
            """
        return try GcovReport(Data(json.utf8), of: "cleanup.c")
    }

    private let source = ["int f(void)", "{", "\tif (a)", "\t\treturn 1;", "\treturn 0;", "}"]

    @Test func copiesOfInlinedFunctionsAreAddedUp() throws {
        let report = try report((3, 2, [1, 0]), (3, 5, [0, 0]))
        #expect(report.lines[3] == .init(count: 7, branches: [1, 0]))
    }

    @Test func whatOneOfTwoKernelsReachesIsReached() throws {
        var one = try report((3, 1, [1, 0]), (4, 1, []), (5, 0, []))
        one.merge(try report((3, 1, [0, 4]), (5, 3, []), (6, 0, [])))
        #expect(one.lines[3]?.branches == [1, 4])
        #expect(one.lines[4]?.count == 1)
        #expect(one.lines[5]?.count == 3)
        #expect(one.lines[6]?.count == 0)
        // Compiled differently, the better one counts.
        var other = try report((3, 1, [1, 0]))
        other.merge(try report((3, 1, [1, 1, 1])))
        #expect(other.lines[3]?.branches == [1, 1, 1])
    }

    @Test func fileWithoutCodeIsNamed() throws {
        let error = #expect(throws: HarnessError.self) { try report((1, 1, []), file: "other.c") }
        #expect(error?.description == "gcov found no code of cleanup.c")
        #expect(throws: HarnessError.self) { try GcovReport(Data("no JSON".utf8), of: "cleanup.c") }
    }

    private let branch = UnreachedCode(function: "f", text: "if (a)", branches: 1, reason: "why")
    private let line = UnreachedCode(function: "f", text: "return 1;", branches: 0, reason: "because")

    @Test func placesInTheListAreNoProblem() throws {
        let gcov = try report((3, 9, [9, 0]), (4, 0, []), (5, 9, []))
        let report = CoverageReport(gcov, source: source, known: [branch, line])
        #expect(report.isGood)
        #expect(report.lines == (3, 2))
        #expect(report.branches == (2, 1))
        #expect(report.updatedList == [branch, line])
    }

    @Test func newPlacesAndOutdatedOnesAreNamed() throws {
        let gcov = try report((3, 9, [9, 0]), (4, 9, []), (5, 0, []))
        let report = CoverageReport(gcov, source: source, known: [branch, line])
        #expect(!report.isGood)
        #expect(report.text.contains("NEW       cleanup.c:5: f: return 0;"))
        #expect(report.text.contains("OUTDATED  f: return 1;: because"))
        #expect(
            report.updatedList == [
                branch, UnreachedCode(function: "f", text: "return 0;", branches: 0, reason: nil),
            ])
        // To put it into the list is not enough.
        #expect(CoverageReport(gcov, source: source, known: report.updatedList).unexplained.count == 1)
    }

    /// As many of the same text in a function as the list has.
    @Test func samePlaceTwiceNeedsTwoEntries() throws {
        let twice = ["return 1;", "return 1;"]
        let place = UnreachedCode(function: "", text: "return 1;", branches: 0, reason: "because")
        let gcov = try report((1, 0, []), (2, 0, []))
        #expect(CoverageReport(gcov, source: twice, known: [place]).unexplained.count == 1)
        #expect(CoverageReport(gcov, source: twice, known: [place, place]).isGood)
    }

    /// A place that only a race reaches may be reached or not.
    @Test func placesByChanceMayBeReached() throws {
        let gcov = try report((3, 9, [9, 9]), (4, 9, []), (5, 9, []))
        var chance = branch
        chance.byChance = true
        let report = CoverageReport(gcov, source: source, known: [chance])
        #expect(report.isGood)
        #expect(report.updatedList == [chance])
        #expect(!CoverageReport(gcov, source: source, known: [branch]).isGood)
    }

    /// Chance decides about as many branches as the list has, and not whether the line is executed at all.
    @Test func chanceHasALimit() {
        func place(_ branches: Int, byChance: Bool? = nil) -> UnreachedCode {
            UnreachedCode(function: "f", text: "a && b", branches: branches, reason: nil, byChance: byChance)
        }
        #expect(place(2, byChance: true).covers(place(2)) && place(2, byChance: true).covers(place(1)))
        #expect(!place(2, byChance: true).covers(place(3)))
        #expect(!place(2, byChance: true).covers(place(0)))
        #expect(place(0, byChance: true).covers(place(0)) && place(0, byChance: true).covers(place(3)))
        #expect(!place(2).covers(place(1)))
    }

    @Test func pageShowsSourceAsText() throws {
        let page = CoverageReport(
            try report((1, 0, []), (2, 3, [1, 0])), source: ["if (a < b)", "else"], known: []
        ).page.source
        #expect(
            page.contains("<tr class=\"never\"><td>1</td><td>0</td><td></td><td><pre>if (a &lt; b)</pre>"))
        #expect(page.contains("<tr class=\"partly\"><td>2</td><td>3</td><td>1/2</td><td><pre>else</pre>"))
    }

    @Test func everyPlaceOfTheListHasAReason() throws {
        let files = CoverageFiles(in: try Repository.containing(FilePath(#filePath)))
        for place in try files.known() {
            #expect(place.reason?.isEmpty == false, "\(place.function): \(place.text)")
        }
    }
}
