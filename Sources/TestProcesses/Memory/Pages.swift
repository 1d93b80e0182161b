// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage

/// The size of a page, on x86-64.
package let pageSize = 4096

/// Tells whether the page table of a process has a page at an address, by proc_pid_pagemap(5).
package func isPageMapped(_ address: UInt, in pid: Int32) throws -> Bool {
    let file = try FileDescriptor.open(FilePath("/proc/\(pid)/pagemap"), .readOnly, options: [.closeOnExec])
    defer { try? file.close() }
    var entry: UInt64 = 0
    let count = try withUnsafeMutableBytes(of: &entry) {
        try file.read(fromAbsoluteOffset: Int64(address / UInt(pageSize) * 8), into: $0)
    }
    guard count == 8 else { throw CheckError.broken("no pagemap entry of \(pid)") }
    return entry >> 63 == 1
}

/// The reserve of pages of 2 MiB, enlarged as long as the value lives.
package struct HugePages: ~Copyable {
    package static let directory = "/sys/kernel/mm/hugepages/hugepages-2048kB"
    package static let size = 2 << 20
    private static let reserve = FilePath("\(directory)/nr_hugepages")

    /// The first address from there on that a huge page can be mapped at.
    package static func place(atOrAbove address: UInt) -> UInt {
        (address + UInt(size - 1)) & ~UInt(size - 1)
    }
    private let before: Int

    /// - Throws: a broken check when the memory is too fragmented for them.
    package init(reserving count: Int) throws {
        let before = try Self.reserved()
        try writeText("\(before + count)", to: Self.reserve)
        let now = try Self.reserved()
        guard now == before + count else {
            try? writeText("\(before)", to: Self.reserve)
            throw CheckError.broken("the kernel reserved \(now - before) huge pages of \(count)")
        }
        self.before = before
    }

    private static func reserved() throws -> Int {
        try Int(readText(reserve).filter(\.isNumber)) ?? 0
    }

    deinit {
        try? writeText("\(before)", to: Self.reserve)
    }
}

/// A setting of which shared memory gets transparent huge pages, which lasts as long as the value lives.
package struct HugeShmem: ~Copyable {
    package static let control = "/sys/kernel/mm/transparent_hugepage/shmem_enabled"
    private let before: String

    package init(_ policy: String) throws {
        let text = try readText(FilePath(Self.control))
        // The one in force stands in brackets.
        let before = text.firstMatch(of: /\[(\w+)\]/).map { String($0.1) } ?? "never"
        try writeText(policy, to: FilePath(Self.control))
        self.before = before
    }

    deinit {
        try? writeText(before, to: FilePath(Self.control))
    }
}

/// Sizes of one mapping of a process, by proc_pid_smaps(5).
package enum MappingSizes {
    /// The value of `field` of the mapping that contains `address`, in KiB; nil when it does not say.
    package static func kibibytes(_ field: String, at address: UInt, in pid: Int32) throws -> Int? {
        var isThere = false
        for line in try readText(FilePath("/proc/\(pid)/smaps")).split(separator: "\n") {
            // The names of fields begin with a capital letter; most lines are told apart by that, which is quick.
            if line.first?.isUppercase == false {
                let ends = line.prefix { $0 != " " }.split(separator: "-").compactMap { UInt($0, radix: 16) }
                isThere = ends.count == 2 && (ends[0]..<ends[1]).contains(address)
            } else if isThere, line.hasPrefix("\(field):") {
                return line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            }
        }
        return nil
    }
}

/// The number of pages of that name in /proc/vmstat, such as `nr_shmem`.
package func countedPages(_ name: String) throws -> Int {
    // Reading it adds up what processors have counted.
    _ = try readText("/proc/sys/vm/stat_refresh")
    for line in try readText("/proc/vmstat").split(separator: "\n") {
        let fields = line.split(separator: " ")
        if fields.first == name[...], fields.count == 2, let count = Int(fields[1]) { return count }
    }
    throw CheckError.broken("/proc/vmstat has no \(name)")
}

/// Writes a file of /proc, /sys or a control group.
package func writeText(_ text: String, to path: FilePath) throws {
    do {
        let file = try FileDescriptor.open(path, .writeOnly, options: [.closeOnExec])
        try file.closeAfter { _ = try file.writeAll(text.utf8) }
    } catch let error as Errno {
        throw CheckError.broken("\(path) cannot be set to \(text): \(error.name)")
    }
}
