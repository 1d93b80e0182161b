// SPDX-License-Identifier: MIT

/// The difference that one object file of two kernels may have, of which one has the series, and its reason.
struct ExpectedDifference: Sendable {
    let reason: String
    /// The functions whose code may differ, or which may be in one of the objects only.
    let functions: Set<String>
    /// The sections whose contents or relocations may differ. Those that the compiler and objtool derive from code
    /// need not be named.
    let sections: Set<String>

    init(_ reason: String, functions: Set<String> = [], sections: Set<String> = []) {
        self.reason = reason
        self.functions = functions
        self.sections = sections
    }

    /// The object that only the kernel with the series has.
    static let added = "kernel/futex/cleanup.o"

    /// The objects that a series which adds a system call must change. All others must be the same.
    static let byObject: [String: ExpectedDifference] = [
        added: ExpectedDifference("the system call itself"),
        "kernel/futex/syscalls.o": ExpectedDifference(
            "get_robust_list(2) reads the head by a function that the call uses too",
            functions: ["futex_get_robust_list_common"]),
        "kernel/sys_ni.o": ExpectedDifference(
            "names what to call where a configuration lacks the call",
            functions: [
                "__x64_sys_cleanup_robust_list", "__ia32_sys_cleanup_robust_list",
            ]),
        "arch/x86/entry/syscall_64.o": ExpectedDifference(
            "the table of system calls has one more entry",
            functions: ["do_syscall_64", "x32_sys_call", "x64_sys_call"], sections: [".rodata"]),
        "arch/x86/entry/syscall_32.o": ExpectedDifference(
            "the table of system calls has one more entry",
            functions: ["__do_fast_syscall_32", "do_int80_emulation", "ia32_sys_call"],
            sections: [".rodata"]),
        "kernel/seccomp.o": ExpectedDifference(
            "compares with the number of system calls, which is one more",
            functions: ["__seccomp_filter", "seccomp_cache_prepare_bitmap"]),
        "init/version.o": ExpectedDifference(
            "holds the release, which names the kernel", sections: [".data", ".rodata"]),
        "kernel/sys.o": ExpectedDifference(
            "holds the release, which names the kernel", sections: [".rodata", ".rodata.str1.1"]),
    ]

    /// The first thing in which two objects differ and may not; nil when there is none.
    func violation(_ stock: ObjectContents, _ patched: ObjectContents) -> String? {
        let code = ObjectContents.differences(stock.functions, patched.functions)
            .filter { !functions.contains(ObjectContents.source(of: $0)) }
        let data = ObjectContents.differences(stock.sections, patched.sections)
            .filter { !sections.contains($0) }
        let words = code.sorted().map { "function \($0)" } + data.sorted().map { "section \($0)" }
        return words.isEmpty ? nil : words.joined(separator: ", ") + " must not differ"
    }
}
