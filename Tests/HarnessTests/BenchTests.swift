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
        #expect(summary.spread == 0.6)
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
    func neverStableWhileMinimaMove(minima: [Double]) {
        var steadiness = Steadiness(tolerance: 0.01)
        for minimum in minima {
            steadiness.add([minimum])
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

    @Test func targetsAreHeldAgainstTheirQuantity() throws {
        let target = try #require(Target.all.first { $0.quantity == .cost("own-threads/1") })
        #expect(target.value(in: report(["own-threads/1": 1_501])) == 1_501)
        #expect(!target.isMet(by: 1_501))
        #expect(target.isMet(by: 1_500))
        #expect(target.value(in: report(["getppid": 216])) == nil)
        let nothing = try #require(Target.all.first { $0.limit == 0 })
        let unrelated = report(["unrelated/0": 2_820, "unrelated/1000": 2_830])
        #expect(nothing.value(in: unrelated) == 10)
        #expect(nothing.isMet(by: 10) && !nothing.isMet(by: 60))
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
