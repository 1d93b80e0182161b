// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

@testable import GuestHarness

/// The commands of the project, and the options that they themselves say they have.
struct CommandManual {
    private struct Dump: Decodable {
        var command: Command
    }

    private struct Command: Decodable {
        var commandName: String
        var arguments: [Argument]?
        var subcommands: [Command]?

        func subcommand(_ name: String) -> Command? { subcommands?.first { $0.commandName == name } }
    }

    private struct Argument: Decodable {
        struct Name: Decodable {
            var kind: String
            var name: String

            var typed: String { (kind == "long" ? "--" : "-") + name }
        }
        var kind: String
        var names: [Name]?
        var parsingStrategy: String?
        var allValues: [String]?
        var isRepeating: Bool
    }

    private let root: FilePath
    private let harness: Command
    private let robustListCheck: Command
    private let kernels: Set<String>

    init(of root: FilePath) async throws {
        self.root = root
        harness = try await Self.dump(root.appending(".build/debug/harness"))
        robustListCheck = try await Self.dump(root.appending(".build/debug/robust-list-check"))
        kernels = Set(try Catalogue(contentsOf: root.appending("qemu/kernels.json")).kernels.map(\.name))
    }

    private static func dump(_ program: FilePath) async throws -> Command {
        let text = try await Tool(program.string, ["--experimental-dump-help"]).output()
        return try JSONDecoder().decode(Dump.self, from: Data(text.utf8)).command
    }

    /// Programs of others that the documentation uses.
    private static let others: Set = ["cd", "cp", "diff", "git", "swift"]

    /// The mistake in the command line, or nil. Commands in quotes and after `--` are checked as well.
    func problem(with line: ShellWords) async throws -> String? {
        for quoted in line.quoted where try isOurs(ShellWords(quoted).words.first ?? "") {
            if let problem = try await problem(with: ShellWords(quoted)) { return problem }
        }
        guard let program = line.words.first else { return nil }
        guard try isOurs(program) else {
            return Self.others.contains(program) ? nil : "'\(program)' is no program of this project"
        }
        return try await problem(with: line.words)
    }

    /// Tells whether a word names a program of the project, be it one that does not exist.
    func isOurs(_ word: String) throws -> Bool {
        word == "./test" || word.hasPrefix("./qemu/")
            || word.contains(/^(\.\/|…\/)?(kernel-patch|libc-patch)\/[\w\/-]+$/)
            || isRobustListCheck(word)
    }

    private func isRobustListCheck(_ word: String) -> Bool {
        ["robust-list-check", ".build-static/release/robust-list-check"].contains(word)
    }

    private func problem(with words: [String]) async throws -> String? {
        let arguments = Array(words.dropFirst())
        if isRobustListCheck(words[0]) {
            guard let name = arguments.first, let command = robustListCheck.subcommand(name) else {
                return "robust-list-check has no subcommand '\(arguments.first ?? "")'"
            }
            return try await problem(with: Array(arguments.dropFirst()), of: command)
        }
        let script = root.pushing(FilePath(String(words[0].trimmingPrefix(/\.\/|…\//))))
        guard FileManager.default.isExecutableFile(atPath: script.string) else {
            return "\(words[0]) is no command"
        }
        if let name = Self.subcommand(of: script) {
            guard let command = harness.subcommand(name) else {
                return "\(words[0]) calls 'harness \(name)', which does not exist"
            }
            return try await problem(with: arguments, of: command)
        }
        let help = try await Tool(script.string, ["--help"]).output()
        let known = Set(help.matches(of: /--?[a-z][\w-]*/).map { String($0.0) })
        return arguments.first { $0.hasPrefix("-") && !known.contains($0) }.map {
            "\(words[0]) has no option \($0)"
        }
    }

    /// The harness's command that a link to `qemu/harness` stands for, as that script finds it; nil for another script.
    private static func subcommand(of script: FilePath) -> String? {
        let target = try? FileManager.default.destinationOfSymbolicLink(atPath: script.string)
        guard target.map({ FilePath($0).lastComponent?.string }) == "harness" else { return nil }
        let name = script.lastComponent!.string
        return script.removingLastComponent().lastComponent?.string == "libc-patch" ? "libc-\(name)" : name
    }

    private func problem(with words: [String], of command: Command) async throws -> String? {
        if let name = words.first, let subcommand = command.subcommand(name) {
            return try await problem(with: Array(words.dropFirst()), of: subcommand)
        }
        let arguments = command.arguments ?? []
        let positionals = arguments.filter { $0.kind == "positional" }
        var places = positionals.filter { $0.parsingStrategy != "postTerminator" }[...]
        var rest = words[...]
        while let word = rest.popFirst() {
            if word == "--" {
                guard positionals.contains(where: { $0.parsingStrategy == "postTerminator" }) else {
                    return "\(command.commandName) takes no command after --"
                }
                guard let program = rest.first else { return "there is no command after --" }
                return try isOurs(program) ? await problem(with: Array(rest)) : nil
            }
            guard word.hasPrefix("-") else {
                guard let place = places.first else { return "\(command.commandName) takes no '\(word)'" }
                if !place.isRepeating { places = places.dropFirst() }
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1).map(String.init)
            guard
                let argument = arguments.first(where: { ($0.names ?? []).contains { $0.typed == parts[0] } })
            else { return "\(command.commandName) has no option \(parts[0])" }
            guard argument.kind == "option" else { continue }
            guard let value = parts.count == 2 ? parts[1] : rest.popFirst() else {
                return "\(parts[0]) has no value"
            }
            if let problem = problem(with: value, of: parts[0], argument.allValues) { return problem }
        }
        return nil
    }

    private func problem(with value: String, of option: String, _ allowed: [String]?) -> String? {
        // NAME stands for any.
        guard value.contains(/[a-z]/) else { return nil }
        switch option {
        case "--kernel", "--bench-kernel", "--kernels":
            let unknown = value.split(separator: ",").map(String.init).filter { !kernels.contains($0) }
            return unknown.first.map { "there is no kernel '\($0)'" }
        case "--only":
            return Files.exists(root.appending("kernel-patch/mutations/\(value).patch"))
                ? nil : "there is no mutation '\(value)'"
        default:
            guard let allowed else { return nil }
            return allowed.contains(value) ? nil : "\(option) takes no '\(value)'"
        }
    }
}
