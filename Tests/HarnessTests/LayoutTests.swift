// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage
import Testing

@testable import GuestHarness

/// The folders of a target: who reads one need not read those that use it.
@Suite struct LayoutTests {
    private let sources: FilePath

    init() throws {
        sources = try Repository.containing(FilePath(#filePath)).root.appending("Sources")
    }

    /// The folders whose types the files of each folder name; files beside the folders count as one of their own.
    private func uses(in target: FilePath) throws -> [String: Set<String>] {
        var folders: [String: String] = [:]
        var texts: [(folder: String, text: String)] = []
        let entries = try #require(FileManager.default.enumerator(atPath: target.string))
        for case let entry as String in entries where entry.hasSuffix(".swift") {
            let parts = entry.split(separator: "/").map(String.init)
            let folder = parts.count > 1 ? parts[0] : "."
            let text = try text(of: target.pushing(FilePath(entry)))
                .split(separator: "\n").map { $0.replacing(/\/\/.*/, with: "") }.joined(separator: "\n")
            texts.append((folder, text))
            let declaration =
                /(?m)^(?:public |package |private |fileprivate )?(?:final )?(?:struct|enum|class|protocol) ([A-Z]\w+)/
            for match in text.matches(of: declaration) { folders[String(match.1)] = folder }
        }
        var uses: [String: Set<String>] = [:]
        for (folder, text) in texts {
            for match in text.matches(of: /\b[A-Z]\w+/) {
                if let other = folders[String(match.0)], other != folder {
                    uses[folder, default: []].insert(other)
                }
            }
        }
        return uses
    }

    @Test(arguments: [
        "GuestHarness", "RaceWindow", "RobustFutexChecks", "RobustListBench", "TestProcesses",
        "WorldExplorer",
    ])
    func noFoldersUseEachOtherInACircle(target: String) throws {
        let uses = try uses(in: sources.appending(target))
        #expect(target == "RobustListBench" || !uses.isEmpty)
        #expect(Self.circle(in: uses) == nil)
    }

    /// The shortest way from a folder back to itself.
    private static func circle(in uses: [String: Set<String>]) -> [String]? {
        uses.keys.sorted().compactMap { start in
            var ways = [[start]]
            var seen: Set<String> = []
            while !ways.isEmpty {
                let way = ways.removeFirst()
                for next in uses[way.last!, default: []].sorted() {
                    if next == start { return way + [start] }
                    if seen.insert(next).inserted { ways.append(way + [next]) }
                }
            }
            return nil
        }.min { $0.count < $1.count }
    }

    @Test func circlesOfAnyLengthAreFound() {
        #expect(Self.circle(in: ["a": ["b"], "b": ["c"], "c": ["d", "a"]]) == ["a", "b", "c", "a"])
        #expect(Self.circle(in: ["a": ["b", "c"], "b": ["c"]]) == nil)
    }
}
