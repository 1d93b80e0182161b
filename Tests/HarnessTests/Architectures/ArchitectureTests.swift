// SPDX-License-Identifier: MIT

import Foundation
import RaceReport
import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct ArchitectureTests {
    private let repository: Repository
    private let catalogue: Catalogue

    init() throws {
        repository = try Repository.containing(FilePath(#filePath))
        catalogue = try Catalogue(contentsOf: repository.catalogue)
    }

    /// A record, a folder, and two kernels to compare.
    @Test(arguments: Architecture.all.filter { !$0.runsSwift })
    func eachHasItsConfigurationAndItsKernels(_ architecture: Architecture) throws {
        let machine = repository.configFragments.appending(architecture.name).appending("machine.config")
        #expect(Files.exists(machine), "\(machine)")
        let kernels = catalogue.kernels.filter { $0.architecture == architecture.name }
        #expect(Set(kernels.map(\.patched)) == [true, false])
        if let compat = architecture.compat { #expect(throws: Never.self) { try Architecture.named(compat) } }
    }

    @Test func noConfigurationFolderIsOfAnUnknownArchitecture() {
        for entry in Files.list(repository.configFragments) where !entry.hasSuffix(".config") {
            #expect(throws: Never.self, "\(entry)") { try Architecture.named(entry) }
        }
    }

    @Test func unknownArchitectureIsRefusedWithThoseThereAre() {
        let error = #expect(throws: HarnessError.self) { try Architecture.named("pdp11") }
        #expect(error?.description.contains("'pdp11'") == true)
        #expect(error?.description.contains("s390x") == true)
        #expect(error?.status == .usage)
    }

    @Test func swiftIsRefusedWhereItCannotRun() async throws {
        let builders = try Builders(repository: repository, progress: Progress())
        let kernel = try catalogue.kernel(named: "stock-s390x")
        let error = await #expect(throws: HarnessError.self) {
            _ = try await builders.images.image(
                .suite, for: builders.kernels.architecture(of: kernel), products: builders.swift.products)
        }
        #expect(error?.description.contains("s390x") == true)
    }

    /// Kernels of other architectures are none to take the configuration of somebody's tree from.
    @Test func kernelsOfTheHostComeFirst() throws {
        #expect(try catalogue.stockKernel(of: "mainline").name == "stock")
        #expect(catalogue.testedKernels.allSatisfy { $0.architecture == nil })
    }
}

/// The report over all of them.
@Suite struct ArchitectureReportTests {
    private func run(_ kernel: String, patched: Bool, own: KTAP.Result.Verdict) -> SelftestRun.KernelRun {
        SelftestRun.KernelRun(
            kernel: kernel, base: "mainline", architecture: "arm", patched: patched, config: [],
            release: "7.3",
            findings: [
                .init(program: "futex_wait", verdict: .passed, remark: ""),
                .init(program: SelftestPrograms.ofTheSeries, test: "one", verdict: own, remark: ""),
            ], problems: [], directory: "/")
    }

    private func report(own: KTAP.Result.Verdict, corrupted: Bool) -> ArchitectureReport {
        let stock = ComparedKernel(
            name: "stock-arm", architecture: "arm", release: "7.3",
            expected: .init(patched: false, release: "7.3", architecture: .arm), imageDigest: "",
            configDigest: nil)
        let scenario = Scenario(.syscallStop, .glibc64, .contended, .shared, .sigkill, .legacy)
        var records = [
            Boundary(index: 0, location: "stop 1", word: 7, released: false, pending: true, outcome: .held),
            Boundary(index: 1, location: "stop 2", word: 0, released: true, pending: true, outcome: .intact),
        ]
        if corrupted { records[1].outcome = .corrupted }
        let cell = Cell(
            scenario: scenario, verdict: corrupted ? .corrupted : .intact, boundaries: 2, inWindow: 1,
            tried: 2,
            corrupted: corrupted ? 1 : 0, records: records)
        let finished = try! FinishedCell(
            RaceReport(
                command: [],
                kernel: .init(
                    release: "7.3", machine: "armv7l", cleanupRobustList: false, detection: "",
                    futexRobustUnlock: false), libraries: [], cells: [cell], quick: false, started: 0,
                seconds: 0),
            of: scenario, accelerator: .tcg, run: "")
        return ArchitectureReport(
            selftests: [
                run("stock-arm", patched: false, own: .skipped), run("patched-arm", patched: true, own: own),
            ],
            compat: [], stress: [],
            comparison: ComparisonReport(
                command: [], quick: false, started: 0, seconds: 0,
                machine: .init(MachineOptions(), imageDigest: ""), kernels: [stock],
                cells: [ComparedCell(finished, kernel: stock, quick: false)]))
    }

    @Test func tableHasARowAKernel() {
        let report = report(own: .passed, corrupted: true)
        #expect(report.problems == [])
        #expect(report.table.count == 3)
        #expect(report.table[1].contains("stock-arm") && report.table[1].contains("corrupted 1 of 2"))
        #expect(report.table[2].contains("1/0/0") && report.table[2].contains("cannot run"))
    }

    @Test func eachPartCanBeWrong() {
        #expect(report(own: .failed, corrupted: true).problems.joined().contains("must be passed"))
        #expect(report(own: .passed, corrupted: false).problems.joined().contains("does not show the bug"))
    }

    @Test func stressThatChangedSomethingOrDidNothingIsWrong() throws {
        func problems(_ text: String, faults: [String] = []) throws -> [String] {
            try StressRun(kernel: "k", seconds: 1, text: text, faults: faults).problems
        }
        let good =
            "0 s left\nstress: 9 calls; 5 locks destroyed, 0 corrupted; 3 threads gone, 0 words of their memory changed\n"
        #expect(try problems(good) == [])
        #expect(try problems(good, faults: ["BUG"]).joined().contains("BUG"))
        #expect(
            try problems(good.replacing("0 corrupted", with: "1 corrupted")).joined().contains("1 of 5 locks")
        )
        #expect(try problems(good.replacing("0 words", with: "2 words")).joined().contains("2 words of dead"))
        #expect(try problems(good.replacing("9 calls", with: "0 calls")).joined().contains("was none"))
        #expect(throws: HarnessError.self) { try problems("Killed") }
    }

    /// Without single steps in the kernel, such scenarios cannot run, and those held at system calls have to.
    @Test func scenariosOfSingleStepsCannotRunWhereThereAreNone() {
        let abilities = ComparedKernel.Abilities(patched: true, release: "7.3", architecture: .riscv64)
        let kernel = ComparedKernel(
            name: "k", architecture: "riscv64", release: "7.3", expected: abilities, imageDigest: "",
            configDigest: nil)
        for scenario in Scenario.anyArchitecture {
            let cannotRun = CellExpectation(of: scenario, on: kernel).words.hasPrefix("cannot run")
            #expect(cannotRun == (scenario.technique == .singleStep), "\(scenario.identifier)")
        }
        #expect(!abilities.futexRobustUnlock)
    }

    @Test func emulatorThatStepsWrongIsNoDefectOfTheKernel() {
        let kernel = ComparedKernel(
            name: "k", architecture: "s390x", release: "7.3",
            expected: .init(patched: false, release: "7.3", architecture: .s390x), imageDigest: "",
            configDigest: nil)
        let scenario = Scenario(.singleStep, .musl, .plain, .shared, .sigkill, .legacy)
        let expectation = CellExpectation(of: scenario, on: kernel)
        func problems(_ verdict: Cell.Verdict, _ reason: String?) -> [String] {
            expectation.problems(
                with: Cell(scenario: scenario, verdict: verdict, reason: reason), quick: false)
        }
        #expect(problems(.cannotRun, "single steps go wrong: the emulator loses branches") == [])
        #expect(problems(.cannotRun, "no victim") != [])
        #expect(problems(.broken, "single steps go wrong") != [])
        #expect(problems(.intact, nil).contains { $0.contains("the bug does not show") })
    }

    @Test func planOfAnotherArchitectureHasWhatItsProgramDoes() throws {
        let catalogue = try Catalogue(contentsOf: Repository.containing(FilePath(#filePath)).catalogue)
        let plan = try ComparisonPlan(
            names: ["stock", "stock-arm64"], images: [], pattern: nil, quick: false, fresh: false,
            catalogue: catalogue)
        #expect(plan.scenarios(onKernelAt: 0) == Scenario.standard)
        #expect(plan.scenarios(onKernelAt: 1).count == 12)
        #expect(Set(plan.scenarios(onKernelAt: 1)) == Set(Scenario.anyArchitecture))
    }
}
