// SPDX-License-Identifier: MIT

import Foundation
import SystemPackage

/// The sizes of structures of a built kernel, found by compiling them with the flags of that kernel.
public struct StructureSizes: Sendable {
    /// Those that every thread, process, mapping and file has.
    public static let structures = [
        "task_struct", "mm_struct", "signal_struct", "vm_area_struct", "address_space", "file",
    ]

    /// In bytes, by structure.
    public var bytes: [String: Int]

    /// Nothing in the tree is changed: output and dependencies go to a directory of this call's own.
    ///
    /// - Parameter tree: in which a kernel was built.
    public init(of tree: FilePath) async throws {
        let directory = FilePath(FileManager.default.temporaryDirectory.path)
            .appending("structure-sizes-\(UUID().uuidString)")
        try Files.makeDirectory(directory)
        defer { try? Files.remove(directory) }
        let source = directory.appending("sizes.c")
        let object = directory.appending("sizes.o")
        let lines = Self.structures.map { "char size_of_\($0)[sizeof(struct \($0))];" }
        let text = "#include <linux/sched/signal.h>\n#include <linux/mm.h>\n#include <linux/fs.h>\n"
        try Files.write(Data((text + lines.joined(separator: "\n") + "\n").utf8), to: source)

        let saved = tree.appending("kernel/.fork.o.cmd")
        let command = String(decoding: try Files.read(saved), as: UTF8.self)
        let compile = try Self.command(from: command, source: source.string, object: object.string)
        _ = try await Tool("sh", ["-c", compile], directory: tree).output()
        bytes = Self.sizes(try await Tool("nm", ["-S", object.string]).output())
        guard bytes.count == Self.structures.count else {
            throw HarnessError("the sizes of structures in \(tree) could not be determined")
        }
    }

    /// The command with which make compiled kernel/fork.c, for another file.
    static func command(from saved: String, source: String, object: String) throws -> String {
        // savedcmd_kernel/fork.o := COMPILER … -c -o kernel/fork.o kernel/fork.c [; objtool …]
        let lines = saved.split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("savedcmd_kernel/fork.o") }),
            let start = line.range(of: ":= ")?.upperBound
        else { throw HarnessError("no command for kernel/fork.o is recorded: was the kernel built?") }
        let words = line[start...].prefix { $0 != ";" }.split(separator: " ").map(String.init)
        let kept = words.filter {
            !$0.hasPrefix("-Wp,-MMD") && $0 != "-c" && $0 != "-o" && !$0.hasSuffix("kernel/fork.o")
                && !$0.hasSuffix("kernel/fork.c")
        }
        return (kept + ["-c", "-o", "'\(object)'", "'\(source)'"]).joined(separator: " ")
    }

    /// From `nm -S`: ADDRESS SIZE TYPE NAME, in hexadecimal.
    static func sizes(_ listing: String) -> [String: Int] {
        var sizes: [String: Int] = [:]
        for line in listing.split(separator: "\n") {
            let fields = line.split(separator: " ")
            let prefix = "size_of_"
            guard fields.count == 4, fields[3].hasPrefix(prefix), let size = Int(fields[1], radix: 16)
            else { continue }
            sizes[String(fields[3].dropFirst(prefix.count))] = size
        }
        return sizes
    }
}
