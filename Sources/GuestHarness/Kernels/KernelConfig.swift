// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The options that are asked of a kernel's configuration.
public struct KernelConfig: Equatable, Sendable {
    /// `CONFIG_X=value`, or `# CONFIG_X is not set`, one for each option.
    public var requested: [String]

    /// Takes what `fragments` ask for; of several that name the same option the last one decides, so that a
    /// kernel can differ from its base in an option that the base asks for.
    public init(fragments: [(name: String, text: String)]) throws {
        requested = []
        var positions: [Substring: Int] = [:]
        for fragment in fragments {
            for line in fragment.text.split(separator: "\n").map({ $0.trimmingCharacters(in: .whitespaces) })
            {
                if let option = Self.option(requestedBy: line) {
                    if let position = positions[option] {
                        requested[position] = line
                    } else {
                        positions[option] = requested.count
                        requested.append(line)
                    }
                } else if !line.hasPrefix("#") {
                    throw HarnessError("config fragment \(fragment.name): not an option: '\(line)'")
                }
            }
        }
    }

    /// Reads the fragments called `names` in `directory`: of each the part that is for all architectures, and then the
    /// part that is for one, in the directory of its name. A fragment may lack either.
    public init(names: [String], for architecture: String, in directory: FilePath) throws {
        var fragments: [(name: String, text: String)] = []
        for name in names {
            let files = [
                directory.appending("\(name).config"),
                directory.appending(architecture).appending("\(name).config"),
            ]
            let parts = files.filter { Files.exists($0) }
            guard !parts.isEmpty || Self.isKnown(name, in: directory) else {
                throw HarnessError("there is no config fragment \(files[0])")
            }
            for part in parts {
                fragments.append(
                    (
                        String(part.string.dropFirst(directory.string.count + 1)),
                        String(decoding: try Files.read(part), as: UTF8.self)
                    ))
            }
        }
        try self.init(fragments: fragments)
    }

    /// Tells whether any architecture has the fragment.
    private static func isKnown(_ name: String, in directory: FilePath) -> Bool {
        Files.list(directory).contains { Files.exists(directory.appending($0).appending("\(name).config")) }
    }

    private static func option(requestedBy line: String) -> Substring? {
        line.wholeMatch(of: /(CONFIG_\w+)=.+/)?.1 ?? line.wholeMatch(of: /# (CONFIG_\w+) is not set/)?.1
    }

    /// The requests that `config`, the text of a `.config`, does not fulfil.
    ///
    /// An option that is to be off may also be absent: its dependencies are off then.
    public func missing(from config: String) -> [String] {
        let lines = Set(config.split(separator: "\n").map(String.init))
        return requested.filter { request in
            if let match = request.wholeMatch(of: /# (CONFIG_\w+) is not set/) {
                return lines.contains { $0.hasPrefix("\(match.1)=") }
            }
            return !lines.contains(request)
        }
    }

    /// Stops when `config` lacks anything that was asked for, and names all of it.
    public func verify(_ config: String, of kernel: String) throws {
        let missing = missing(from: config)
        guard missing.isEmpty else {
            throw HarnessError(
                "the configuration of the kernel '\(kernel)' came out without: \(missing.joined(separator: ", "))"
                    + " (a dependency is off, or this kernel has no such option)")
        }
    }
}
