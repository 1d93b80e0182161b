// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// One sort of the kernel's objects, which can be counted.
struct KernelCount: Sendable {
    let name: String
    /// The reason why it cannot be counted here; nil when it can.
    let problem: String?
    let read: @Sendable () throws -> Int

    /// The objects that a call takes references on.
    static let objects = [
        KernelCount(
            name: "address spaces (mm_struct)", problem: slabProblem("mm_struct"),
            read: {
                // An idle processor keeps the address space that it had last, until it gets another.
                try ProcessorBinding.runOnEachProcessor {}
                return try slabObjects("mm_struct")
            }),
        KernelCount(
            // Besides those of tasks that are there, since the kernel has threads of its own come and go.
            name: "tasks that have ended (task_struct)", problem: slabProblem("task_struct"),
            read: { try slabObjects("task_struct") - threads() }),
        KernelCount(name: "open files", problem: nil, read: { try firstNumber(in: "/proc/sys/fs/file-nr") }),
        KernelCount(name: "pages of shared memory", problem: nil, read: { try countedPages("nr_shmem") }),
    ]

    /// Control groups that a reference keeps after their removal.
    static let removedGroups = KernelCount(
        name: "control groups that were removed", problem: ControlGroup.problem(with: .memory),
        read: ControlGroup.dyingGroups)

    private static func slab(_ cache: String) -> FilePath { FilePath("/sys/kernel/slab").appending(cache) }

    private static func slabProblem(_ cache: String) -> String? {
        access(slab(cache).string, F_OK) == 0 ? nil : "there is no \(slab(cache)) (CONFIG_SLUB_DEBUG)"
    }

    /// The objects of a cache that are in use.
    private static func slabObjects(_ cache: String) throws -> Int {
        // Objects in the reserves of processors count as in use, so have them given back.
        try writeText("1", to: slab(cache).appending("shrink"))
        return try firstNumber(in: slab(cache).appending("objects"))
    }

    /// The threads of all processes and of the kernel itself.
    private static func threads() throws -> Int {
        let text = try readText("/proc/loadavg")
        guard let count = text.firstMatch(of: #/\d+/(\d+)/#).flatMap({ Int($0.1) }) else {
            throw CheckError.broken("/proc/loadavg has '\(text)'")
        }
        return count
    }

    private static func firstNumber(in path: FilePath) throws -> Int {
        let text = try readText(path).split(whereSeparator: \.isWhitespace).first ?? ""
        guard let number = Int(text) else { throw CheckError.broken("\(path) begins with '\(text)'") }
        return number
    }
}
