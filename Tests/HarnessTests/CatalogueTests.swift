// SPDX-License-Identifier: MIT

import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct CatalogueTests {
    private func catalogue(_ kernels: String) async throws -> Catalogue {
        try await withTemporaryDirectory { directory in
            let file = directory.appending("kernels.json")
            try write(
                """
                { "bases": [ { "name": "b", "packages": "linux-source-1", "series": "s", "config": [] } ],
                  "kernels": [ \(kernels) ] }
                """, to: file)
            return try Catalogue(contentsOf: file)
        }
    }

    @Test func kernelThatSaysNothingElseIsLeftOutOfTheTestRunAndIsAsFastAsAny() async throws {
        let catalogue = try await catalogue(
            """
            { "name": "plain", "purpose": "p", "base": "b", "patched": true, "config": [] },
            { "name": "slow", "purpose": "p", "base": "b", "patched": true, "config": [], "slowness": 5,
              "inTest": true }
            """)
        #expect(catalogue.testedKernels.map(\.name) == ["slow"])
        #expect(try catalogue.kernel(named: "plain").scaled(.seconds(10)) == .seconds(10))
        #expect(try catalogue.kernel(named: "slow").scaled(.seconds(10)) == .seconds(50))
    }

    @Test func unknownBaseIsNamed() async throws {
        let error = await #expect(throws: HarnessError.self) {
            try await catalogue(
                #"{ "name": "k", "purpose": "p", "base": "c", "patched": true, "config": [] }"#)
        }
        #expect(error?.description.contains("the kernel 'k' has an unknown base 'c'") == true)
    }

    /// A kernel of the catalogue has the whole series: no test may be skipped for what a patch of it brings.
    @Test(arguments: SeriesFeature.allCases)
    func kernelCannotLackWhatTheSeriesBrings(_ feature: SeriesFeature) async throws {
        let error = await #expect(throws: HarnessError.self) {
            try await catalogue(
                """
                { "name": "k", "purpose": "p", "base": "b", "patched": true, "config": [],
                  "lacks": ["compat", "\(feature.rawValue)"] }
                """)
        }
        #expect(
            error?.description.contains(
                "the kernel 'k' cannot lack \(feature.rawValue), which the series brings") == true)
    }

    /// Each kernel takes minutes to build: the run of all tests is to stay one that people run.
    @Test func testRunHasOnePatchedAndOneStockKernel() throws {
        let repository = try Repository.containing(FilePath(#filePath))
        let catalogue = try Catalogue(contentsOf: repository.catalogue)
        #expect(catalogue.testedKernels.map(\.name) == ["patched", "stock"])
        #expect(Set(catalogue.kernels.map(\.name)).count == catalogue.kernels.count)
    }
}
