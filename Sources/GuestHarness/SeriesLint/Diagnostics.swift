// SPDX-License-Identifier: MIT

/// The messages of compilers and checkers in a build, by the object that they are about.
///
/// make compiles only what has changed and is silent about the rest, so the messages about an object stay true until it
/// is made again.
struct Diagnostics: Codable, Equatable, Sendable {
    /// Messages by object, or by source file for sparse. Without line numbers, which move.
    private(set) var messages: [String: [String]] = [:]

    /// Takes over what a build said. It must have been run with `make --output-sync=target`, which
    /// keeps the lines about an object together.
    ///
    /// - Parameter tree: the path of the source tree, or its last component.
    mutating func update(fromBuild lines: [String], tree: String) {
        var object = ""
        for line in lines {
            if let made = Self.madeObject(line) {
                object = Self.relative(made, to: tree)
                messages[object] = nil
            } else if let message = Self.message(in: line, tree: tree) {
                messages[object, default: []].append(message)
            }
        }
    }

    /// All messages, sorted.
    var all: [String] { messages.values.flatMap { $0 }.sorted() }

    /// The objects with messages, sorted.
    var objects: [String] { messages.keys.filter { !$0.isEmpty }.sorted() }

    /// The messages that are not among those of `older`, counting repetitions.
    ///
    /// A header says the same in every file that includes it: once known, it is known for all.
    func new(since older: Diagnostics) -> [String] {
        var known: [String: Int] = [:]
        for message in older.all { known[message, default: 0] += 1 }
        return all.filter { message in
            guard let count = known[message], count > 0 else { return true }
            if message.wholeMatch(of: /\S+\.h: .*/) == nil { known[message] = count - 1 }
            return false
        }
    }

    /// `kernel/fork.o` of `  CC      kernel/fork.o`.
    static func madeObject(_ line: String) -> String? {
        line.wholeMatch(of: /\ {2}[A-Z][A-Z0-9]*(?: \[[A-Z]\])? +(\S+)/).map { String($0.1) }
    }

    /// A warning or an error without its place in the file: `kernel/fork.c: warning: …`.
    static func message(in line: String, tree: String) -> String? {
        guard
            let match = line.wholeMatch(
                of: /([^\s:]+):(?:\d+:)*(?: \(\w+\))? *((?:warning|error|fatal error): .+)/)
        else { return nil }
        return "\(relative(String(match.1), to: tree)): \(match.2)"
    }

    /// A path below the source tree, which make and ccache write in several ways.
    static func relative(_ path: String, to tree: String) -> String {
        let name = tree.split(separator: "/").last.map(String.init) ?? tree
        guard path.hasPrefix("/") || path.hasPrefix("."), let range = path.range(of: "/\(name)/") else {
            return path
        }
        return String(path[range.upperBound...])
    }
}
