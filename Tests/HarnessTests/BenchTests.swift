// SPDX-License-Identifier: MIT

import BenchReport
// Not Foundation, which has a Measurement too.
import FoundationEssentials
import Testing

@testable import GuestHarness

/// A report with these costs, each stable.
private func report(
    _ costs: [String: Double], group: Measurement.Group = .call, hasCall: Bool = true
) -> BenchReport {
    BenchReport(
        kernel: .init(release: "7.3.4-specimen", machine: "x86_64", hasCleanupRobustList: hasCall),
        clock: .init(unit: .instructions, evidence: ["20 instructions took 20 ticks"], overhead: 12),
        measurements: costs.keys.sorted().map { name in
            Measurement(
                name: name, group: group, title: name, cost: Summary([costs[name]!], isStable: true))
        })
}

private func record(
    _ boots: [[String: Double]], group: Measurement.Group = .call, hasCall: Bool = true
) -> BenchRecord {
    BenchRecord(
        kernel: hasCall ? "patched-bench" : "stock-bench", identity: "", command: "", emulator: "", date: "",
        passes: boots.map { report($0, group: group, hasCall: hasCall) })
}

@Suite struct StatisticsTests {
    @Test func summaryOfSamples() {
        let summary = Summary([30, 10, 20, 12], isStable: true)
        #expect(summary.samples == 4)
        #expect(summary.minimum == 10)
        #expect(summary.median == 16)
        #expect(summary.maximum == 30)
        #expect(summary.decile == 10)
        #expect(summary.spread == 0.6)
    }

    @Test func whatComesOnceInHundredTimesIsNotTheCost() {
        let samples = [43_900.0] + [Double](repeating: 44_600, count: 98) + [270_000]
        let summary = Summary(samples, isStable: true)
        #expect(summary.minimum == 43_900)
        #expect(summary.decile == 44_600)
        var steadiness = Steadiness(tolerance: 0.01)
        steadiness.add(samples)
        steadiness.add([Double](repeating: 44_600, count: 100))
        steadiness.add(samples)
        #expect(steadiness.isReached)
    }

    @Test func stableAfterTwoBatchesThatConfirm() {
        var steadiness = Steadiness(tolerance: 0.01)
        steadiness.add([100, 140])
        #expect(!steadiness.isReached)
        steadiness.add([100.5])
        #expect(!steadiness.isReached)
        steadiness.add([100])
        #expect(steadiness.isReached)
    }

    @Test(arguments: [[100.0, 103, 100, 103, 100], [100, 90, 80, 70, 60]])
    func neverStableWhileCostsMove(costs: [Double]) {
        var steadiness = Steadiness(tolerance: 0.01)
        for cost in costs {
            steadiness.add([cost])
            #expect(!steadiness.isReached)
        }
    }

    @Test func lineThroughPointsOnALine() throws {
        let points = [1.0, 16, 128, 1024].map { FittedLine.Point(x: $0, cost: 1_800 + 143 * $0) }
        let line = try #require(FittedLine(series: "s", unit: "thread", points: points))
        #expect(abs(line.slope - 143) < 1e-6)
        #expect(abs(line.intercept - 1_800) < 1e-6)
        #expect(abs(line.steepest - 143) < 1e-6)
        #expect(line.largestResidual < 1e-9)
    }

    /// One dear point must not push the line away from the cheap ones by more than they themselves cost.
    @Test func lineKeepsToCheapPoints() throws {
        let costs = [(1.0, 2_820.0), (16, 13_389), (128, 98_705), (1024, 825_873)]
        let line = try #require(
            FittedLine(
                series: "s", unit: "thread", points: costs.map { FittedLine.Point(x: $0.0, cost: $0.1) }))
        #expect(line.largestResidual < 0.1)
        #expect(abs(line.steepest - (825_873.0 - 98_705) / 896) < 1e-6)
    }

    @Test func noLineThroughTwoPointsOrOneX() {
        let point = FittedLine.Point(x: 1, cost: 5)
        #expect(FittedLine(series: "s", unit: "u", points: [point, .init(x: 2, cost: 6)]) == nil)
        #expect(FittedLine(series: "s", unit: "u", points: [point, point, point]) == nil)
    }
}

@Suite struct BenchRecordTests {
    @Test func recordSurvivesJSON() throws {
        let original = record([["own-threads/1": 1_864], ["own-threads/1": 1_866]])
        let decoded = try JSONDecoder().decode(BenchRecord.self, from: JSONEncoder().encode(original))
        #expect(decoded == original)
    }

    @Test func anotherFormIsRefused() throws {
        var other = report(["getppid": 216])
        other.schema += 1
        let bytes = try [UInt8](JSONEncoder().encode(other))
        #expect(throws: HarnessError.self) { try BenchRun.decode(bytes) }
        #expect(throws: HarnessError.self) { try BenchRun.decode(Array("no report".utf8)) }
    }

    @Test func onePercentApartIsTheSameNumberTwice() {
        let same = record([["a": 1_000, "b": 500], ["a": 1_009, "b": 500]])
        #expect(same.unrepeatable.isEmpty)
        let other = record([["a": 1_000, "b": 500], ["a": 1_020, "b": 500]])
        #expect(other.unrepeatable.map(\.name) == ["a"])
        let lacking = record([["a": 1_000, "b": 500], ["a": 1_000]])
        #expect(lacking.unrepeatable.map(\.name) == ["b"])
        #expect(BenchSummary([other]).complaints.count == 1)
    }

    @Test(
        arguments: [
            ([100, 100.5, 200], 2, [100, 100.5]), ([100, 102, 102], 3, [102, 102]),
            ([100, 102, 100, 102, 100], 4, [100, 102]),
        ] as [([Double], Int, [Double])])
    func bootsUntilTheSameNumberTwiceInARow(costs: [Double], boots: Int, last: [Double]) async {
        var record = record([])
        var differing: [[String]] = []
        await record.repeatUntilTheSameTwice(limit: 4) { number, differences in
            differing.append(differences.map(\.name))
            return report(["a": costs[number - 1]])
        }
        #expect(record.boots == boots)
        #expect(record.passes.map { $0.cost("a") } == last)
        #expect(record.unrepeatable.isEmpty == (boots < 4))
        #expect(differing.prefix(2) == [[], []])
        #expect(differing.dropFirst(2).allSatisfy { $0 == ["a"] })
    }

    @Test func targetsAreHeldAgainstTheirQuantity() throws {
        let target = try #require(Target.all.first { $0.quantity == .cost("own-threads/1") })
        #expect(target.value(in: report(["own-threads/1": 1_101])) == 1_101)
        #expect(!target.isMet(by: 1_101))
        #expect(target.isMet(by: 1_100))
        #expect(target.value(in: report(["getppid": 216])) == nil)
        let nothing = try #require(Target.all.first { $0.limit == 0 })
        let unrelated = report(["unrelated/0": 1_720, "unrelated/4000": 1_730])
        #expect(nothing.value(in: unrelated) == 10)
        #expect(nothing.isMet(by: 10) && !nothing.isMet(by: 60))
    }

    @Test func missedTargetShowsWhichPartIsNotTheCalls() throws {
        func report(_ slope: Double) -> BenchReport {
            let series = [("sharer-threads", slope), ("sharer-threads-one-mapping", 300)]
            return BenchReport(
                kernel: .init(release: "", machine: "", hasCleanupRobustList: true),
                clock: .init(unit: .instructions, evidence: [], overhead: 0),
                measurements: series.flatMap { name, slope in
                    [1.0, 16, 128].map { x in
                        Measurement(
                            name: "\(name)/\(Int(x))", group: .call, title: "",
                            point: .init(series: name, unit: "thread", x: x),
                            cost: Summary([1_000 + slope * x], isStable: true))
                    }
                })
        }
        let target = try #require(Target.all.first { $0.part != nil })
        let missed = try #require(target.explanation(in: report(600)))
        #expect(abs(missed.value - 300) < 1e-6)
        #expect(target.explanation(in: report(530)) == nil)
        let lines = BenchTable(report(600)).lines
        let index = try #require(lines.firstIndex { $0.hasPrefix(target.title) && $0.contains("MISSED") })
        #expect(lines[index + 1].hasPrefix("  \(missed.title)") && lines[index + 1].contains("300"))
    }

    @Test func dearerBystanderIsNoticed() {
        let stock = record([["lock": 1_000], ["lock": 1_001]], group: .bystander, hasCall: false)
        let equal = record([["lock": 1_003], ["lock": 1_004]], group: .bystander)
        let dearer = record([["lock": 1_010], ["lock": 1_010]], group: .bystander)
        #expect(Bystander.all(stock: stock, patched: equal).map(\.isEqual) == [true])
        #expect(Bystander.all(stock: stock, patched: dearer).map(\.isEqual) == [false])
        #expect(BenchSummary([stock, equal]).complaints.isEmpty)
        #expect(BenchSummary([stock, dearer]).complaints.count == 1)
    }
}

@Suite struct InstructionCountingTests {
    @Test func countsOnlyUnderEmulationWithOneProcessor() {
        let counting = MachineOptions(processors: 1, countsInstructions: true)
        #expect(counting.conflict(with: .tcg) == nil)
        #expect(counting.conflict(with: .kvm)?.contains("KVM") == true)
        let two = MachineOptions(processors: 2, countsInstructions: true)
        #expect(two.conflict(with: .tcg)?.contains("one processor") == true)
        #expect(MachineOptions(processors: 2).conflict(with: .kvm) == nil)
    }
}

@Suite struct SystemCallLookupTests {
    /// The form in which objdump shows a tree of comparisons over 5, 9 and 12; anything else is no call.
    private let tree = """

        vmlinux:     file format elf64-x86-64

        Disassembly of section .text:

        ffffffff81001000 <x64_sys_call>:
        ffffffff81001000:\tcmp    $0x9,%esi
        ffffffff81001003:\tje     ffffffff81001020 <x64_sys_call+0x20>
        ffffffff81001005:\tja     ffffffff81001010 <x64_sys_call+0x10>
        ffffffff81001007:\tcmp    $0x5,%esi
        ffffffff8100100a:\tje     ffffffff8107ea20 <__x64_sys_five>
        ffffffff8100100e:\tjmp    ffffffff81001025 <x64_sys_call+0x25>
        ffffffff81001010:\tcmp    $0xc,%esi
        ffffffff81001013:\tjne    ffffffff81001025 <x64_sys_call+0x25>
        ffffffff81001015:\tjmp    ffffffff8107ea40 <__x64_sys_twelve>
        ffffffff81001020:\tjmp    ffffffff8107ea30 <__x64_sys_nine>
        ffffffff81001025:\tjmp    ffffffff8107ea50 <__x64_sys_ni_syscall>
        """

    @Test(arguments: [(9, 3), (5, 5), (12, 6), (13, 6), (0, 7)])
    func countsUpToTheJumpIntoTheCall(number: Int, count: Int) {
        #expect(SystemCallLookup(tree).count(for: number) == count)
    }

    @Test func knowsNothingAboutJumpTables() {
        let table = """
            ffffffff81001000:\tcmp    $0x1d9,%esi
            ffffffff81001003:\tja     ffffffff81001020 <x64_sys_call+0x20>
            ffffffff81001005:\tjmp    *-0x7d000000(,%rsi,8)
            """
        #expect(SystemCallLookup(table).count(for: 9) == nil)
        #expect(SystemCallLookup("").count(for: 9) == nil)
    }

    @Test func isTakenOffBeforeTwoKernelsAreFoundToDiffer() {
        func record(_ cost: Double, _ lookups: [Int: Int]?, hasCall: Bool) -> BenchRecord {
            let measurement = Measurement(
                name: "set", group: .bystander, title: "set", cost: Summary([cost], isStable: true),
                systemCalls: [273, 274])
            let report = BenchReport(
                kernel: .init(release: "7.3", machine: "x86_64", hasCleanupRobustList: hasCall),
                clock: .init(unit: .instructions, evidence: [], overhead: 0), measurements: [measurement])
            return BenchRecord(
                kernel: "", identity: "", command: "", emulator: "", date: "", passes: [report, report],
                systemCallLookups: lookups)
        }
        let stock = record(510, [273: 26, 274: 21], hasCall: false)
        func verdicts(_ cost: Double, _ lookups: [Int: Int]?) -> [Bool] {
            Bystander.all(stock: stock, patched: record(cost, lookups, hasCall: true)).map(\.isEqual)
        }
        #expect(verdicts(513, [273: 24, 274: 26]) == [true])
        #expect(verdicts(510, [273: 24, 274: 26]) == [false])
        #expect(verdicts(513, nil) == [false])
    }
}
