// SPDX-License-Identifier: MIT

import Foundation
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

@Suite struct RaceOutputTests {
    @Test func readsCountsAndReasons() throws {
        let output = try RaceOutput(
            """
            call 473: Function not implemented
            race glibc 2.36, plain, legacy, single-step: 84 boundaries, 3 in the window, 3 corrupted, 13 intact, 68 held, 0 wrong
            race musl, plain, with the call, single-step: cannot run: no such call

            """)
        #expect(output.call == "Function not implemented")
        #expect(
            output.scenarios == [
                .init(
                    name: "glibc 2.36, plain, legacy, single-step",
                    counts: .init(boundaries: 84, inWindow: 3, corrupted: 3, intact: 13, held: 68, wrong: 0)),
                .init(name: "musl, plain, with the call, single-step", reason: "no such call"),
            ])
        #expect(output.scenarios.map(\.isLegacy) == [true, false])
    }

    @Test(arguments: [
        "", "call 473: Invalid argument\n",
        "race musl, plain, legacy, single-step: 1 boundaries, 0 in the window, 0 corrupted, 0 intact, 1 held, 0 wrong\n",
        "call 473: x\nrace musl, plain, legacy, single-step: 7 boundaries\n",
    ])
    func refusesOutputWithoutResults(_ text: String) {
        #expect(throws: HarnessError.self) { try RaceOutput(text) }
    }
}

@Suite struct ArchitectureResultTests {
    private func result(patched: Bool, call: String, _ race: [RaceOutput.Scenario]) -> ArchitectureResult {
        ArchitectureResult(
            kernel: "k", architecture: "arm64", patched: patched, release: "7", call: call,
            selftests: .init(
                kernel: "k", base: "mainline", patched: patched, config: [], findings: [], problems: [],
                directory: "/"),
            race: race, seconds: 1)
    }

    private func scenario(
        _ destroyer: String, corrupted: Int, inWindow: Int = 3, wrong: Int = 0, boundaries: Int = 10
    ) -> RaceOutput.Scenario {
        .init(
            name: "musl, plain, \(destroyer), single-step",
            counts: .init(
                boundaries: boundaries, inWindow: inWindow, corrupted: corrupted, intact: 1, held: 1,
                wrong: wrong))
    }

    @Test func nothingIsWrongWhereAllIsAsItMustBe() {
        let stock = result(
            patched: false, call: "Function not implemented", [scenario("legacy", corrupted: 3)])
        let patched = result(
            patched: true, call: "Invalid argument",
            [scenario("legacy", corrupted: 3), scenario("with the call", corrupted: 0)])
        #expect(stock.problems == [])
        #expect(patched.problems == [])
    }

    @Test func eachDifferenceIsNamed() {
        func problems(patched: Bool = true, call: String = "Invalid argument", _ race: [RaceOutput.Scenario])
            -> String
        {
            result(patched: patched, call: call, race).problems.joined(separator: "\n")
        }
        let good = [scenario("legacy", corrupted: 3), scenario("with the call", corrupted: 0)]
        #expect(
            problems(call: "Function not implemented", good).contains("answers 'Function not implemented'"))
        #expect(
            problems([good[0], scenario("with the call", corrupted: 1, wrong: 1)]).contains(
                "1 boundaries not as required"))
        #expect(
            problems([scenario("legacy", corrupted: 0, inWindow: 0), good[1]]).contains(
                "nothing was corrupted"))
        #expect(
            problems([good[0], scenario("with the call", corrupted: 0, inWindow: 0)]).contains(
                "no unlock was held in its window"))
        #expect(
            problems([good[0], .init(name: "musl, plain, with the call, x", reason: "why")]).contains(
                "no unlock was held"))
        #expect(
            problems(good + [scenario("legacy", corrupted: 0, boundaries: 0)]).contains(
                "no boundary was tried"))
    }
}
