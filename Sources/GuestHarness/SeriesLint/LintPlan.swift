// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// `kernel-patch/check.json`: what the series is built for, which findings are none, and which patch brings what the
/// tests need.
struct LintPlan: Codable, Equatable, Sendable {
    /// A build that every patch must survive.
    struct Configuration: Codable, Equatable, Sendable {
        enum Kind: String, Codable, Sendable {
            /// `targets` of the kernel, with W=1.
            case kernel
            /// The C files that the patches change, through sparse; `targets` are objects that show what
            /// it has to say about common headers without any patch.
            case sparse
            /// The user space tests in the directories `targets` of tools/testing/selftests.
            case selftests
        }

        var name: String
        var kind: Kind
        /// As make's `ARCH`.
        var architecture: String
        /// GNU triplet of the compiler; absent: the machine's own.
        var cross: String?
        /// Debian's name of the architecture, where the kernel's makefiles link with the compiler's own library.
        var library: String?
        /// `FUTEX=y` and the like, on top of tinyconfig; `n` turns off.
        var options: [String]
        var targets: [String]
        /// Also for older kernels, those of the backports.
        var everyBase: Bool?

        /// The options as lines of a `.config`.
        var config: KernelConfig {
            get throws {
                let lines = options.map { option in
                    option.hasSuffix("=n")
                        ? "# CONFIG_\(option.dropLast(2)) is not set" : "CONFIG_\(option)"
                }
                return try KernelConfig(fragments: [(name, lines.joined(separator: "\n"))])
            }
        }
    }

    /// A finding that does not count, for a reason that everybody can read.
    struct Acceptance: Codable, Equatable, Sendable {
        var check: String
        /// A regular expression for the whole line.
        var pattern: String
        var reason: String

        func matches(_ line: String) throws -> Bool {
            try Regex(pattern).wholeMatch(in: line) != nil
        }
    }

    var configurations: [Configuration]
    var accepted: [Acceptance]
    var features: FeaturePatches

    init(contentsOf path: FilePath) throws {
        do {
            self = try JSONDecoder().decode(LintPlan.self, from: Files.read(path))
            for configuration in configurations { _ = try configuration.config }
            for acceptance in accepted { _ = try acceptance.matches("") }
        } catch let error as HarnessError {
            throw error
        } catch {
            throw HarnessError("\(path) is not a plan for kernel-patch/check: \(error)")
        }
    }

    /// The findings that count, and for each other one the reason why it does not.
    func judge(_ findings: [String], of check: String) throws -> (counted: [String], accepted: [String]) {
        var counted: [String] = []
        var reasons: [String] = []
        for finding in findings {
            if let acceptance = try accepted.first(where: { try $0.check == check && $0.matches(finding) }) {
                reasons.append("\(check): \(finding): \(acceptance.reason)")
            } else {
                counted.append(finding)
            }
        }
        return (counted, reasons)
    }
}
