// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// A log whose path was printed is there when somebody reads it.
@Suite struct RunDirectoryTests {
    @Test func runsOfTestsRemoveNoneOfAPersons() async throws {
        try await withTemporaryDirectory { root in
            let repository = Repository(root: root)
            let own = try RunDirectory(.own, in: repository, kernel: "stock")
            #expect(own.path.removingLastComponent() == repository.runs)
            for kind in RunDirectory.Kind.allCases where kind != .own {
                for _ in 0...RunDirectory.kept {
                    _ = try RunDirectory(kind, in: repository, kernel: "stock")
                }
                let all = Files.list(repository.runs.appending(kind.rawValue))
                #expect(all.count == RunDirectory.kept)
            }
            #expect(Files.exists(own.path))
        }
    }

    @Test func oldestOfManyGoesAndNoOtherKindWithIt() async throws {
        try await withTemporaryDirectory { root in
            let repository = Repository(root: root)
            for number in 100..<100 + RunDirectory.kept {
                try Files.makeDirectory(repository.runs.appending("20250101-000\(number)-stock-1"))
            }
            let test = try RunDirectory(.test, in: repository, kernel: "stock")
            let own = try RunDirectory(.own, in: repository, kernel: "stock")
            let left = Files.list(repository.runs)
            #expect(!left.contains("20250101-000100-stock-1"))
            #expect(left.contains("20250101-000101-stock-1"))
            #expect(Files.exists(test.path))
            #expect(Files.exists(own.path))
            #expect(own.name == own.path.lastComponent!.string)
            #expect(test.name == "test/\(test.path.lastComponent!)")
        }
    }

    @Test func runsThatBeginAtOnceRemoveTheSameOnes() async throws {
        try await withTemporaryDirectory { root in
            let repository = Repository(root: root)
            let runs = repository.runs.appending("mutate")
            for number in 100..<400 + RunDirectory.kept {
                let old = runs.appending("20250101-000\(number)-stock-1")
                try Files.makeDirectory(old)
                try Files.write(Data(), to: old.appending("console.log"))
            }
            let paths = try await withThrowingTaskGroup(of: FilePath.self) { group in
                for _ in 0..<4 {
                    group.addTask { try RunDirectory(.mutate, in: repository, kernel: "stock").path }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(Set(paths).count == 4)
            #expect(paths.allSatisfy(Files.exists))
        }
    }
}
