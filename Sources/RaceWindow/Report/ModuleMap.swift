// SPDX-License-Identifier: MIT

import RobustFutex
import SystemPackage

/// The program or library that each address of a process belongs to, from /proc/PID/maps.
struct ModuleMap {
    private struct Mapping {
        var start: UInt64
        var end: UInt64
        var file: String
    }
    private let mappings: [Mapping]

    init(of pid: Int32) throws {
        self.init(parsing: try readText(FilePath("/proc/\(pid)/maps")))
    }

    /// - Parameter text: lines of proc_pid_maps(5).
    init(parsing text: String) {
        mappings = text.split(separator: "\n").compactMap { line in
            let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
            guard let range = fields.first?.split(separator: "-"), range.count == 2,
                let start = UInt64(range[0], radix: 16), let end = UInt64(range[1], radix: 16)
            else { return nil }
            return Mapping(
                start: start, end: end, file: fields.count == 6 ? String(fields[5].drop { $0 == " " }) : "")
        }
    }

    /// `libc.so.6+0x91f3e`: relative to where the file is loaded, as its own addresses are in a shared library.
    func name(of address: UInt64) -> String {
        guard let mapping = mapping(of: address), !mapping.file.isEmpty else {
            return "0x" + String(address, radix: 16)
        }
        let base = mappings.filter { $0.file == mapping.file }.map(\.start).min() ?? mapping.start
        let file = mapping.file.split(separator: "/").last ?? "/"
        return "\(file)+0x" + String(address - base, radix: 16)
    }

    /// From the address to the end of its mapping; nil when nothing is mapped there.
    func bytesLeft(at address: UInt64) -> UInt64? {
        mapping(of: address).map { $0.end - address }
    }

    private func mapping(of address: UInt64) -> Mapping? {
        mappings.first { $0.start <= address && address < $0.end }
    }
}
