// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import SystemPackage
import Testing

@testable import RobustFutex

/// Kernels that answer under the number in one way or another.
struct DetectionTests {
    private static let enosys = -Int(ENOSYS)
    private static let einval = -Int(EINVAL)
    private static let enomem = -Int(ENOMEM)

    private func detect(
        symbol: KernelSymbol = .missing, seccomp: Int? = 0, _ call: @escaping (UInt, Int, UInt32) -> Int
    ) -> SyscallDetection {
        SyscallDetector(call: call, symbol: { symbol }, seccomp: { seccomp }).detect()
    }

    /// A kernel that keeps the contract, but for what `effect` does instead of clearing.
    private func answer(
        _ address: UInt, _ flags: UInt32, effect: (UInt) -> Void
    ) -> Int {
        if flags & ~CleanupFlags.privateOnly.rawValue != 0 { return Self.einval }
        if address == 0 { return Self.enomem }
        effect(address)
        return 0
    }

    /// The calling thread's own pending operation, reached as the kernel would.
    private func clear(ifDesignating address: UInt?) {
        var head: UInt = 0
        guard crf_get_robust_list(0, &head) == 0,
            let pointer = UnsafeMutablePointer<UInt>(bitPattern: head + 16),
            let pending = PendingOperation(rawValue: pointer.pointee)
        else { return }
        if address == nil || pending.futexWord(futexOffset: -32) == address { pointer.pointee = 0 }
    }

    @Test func findsTheRealThing() {
        let detection = detect(symbol: .defined) { address, _, flags in
            answer(address, flags) { clear(ifDesignating: $0) }
        }
        #expect(detection.verdict == .available)
        #expect(detection.evidence.last == "/proc/kallsyms names it")
    }

    @Test(arguments: [KernelSymbol.missing, .stub, .unreadable])
    func saysAbsentWhenNothingSpeaksForAFilter(symbol: KernelSymbol) {
        #expect(detect(symbol: symbol) { _, _, _ in Self.enosys }.verdict == .absent)
    }

    @Test func namesTheFilterThatMayHideItWhenSymbolsAreUnreadable() {
        let detection = detect(symbol: .unreadable, seccomp: 2) { _, _, _ in Self.enosys }
        #expect(detection.evidence.contains { $0.contains("seccomp mode 2") })
    }

    @Test func saysBlockedWhenFilterAnswersENOSYSOnKernelThatHasIt() {
        let detection = detect(symbol: .defined, seccomp: 2) { _, _, _ in Self.enosys }
        #expect(detection.verdict == .blocked(.noFunction))
    }

    @Test(arguments: [Errno.notPermitted, .permissionDenied])
    func saysBlockedWhenFilterForbids(errno: Errno) {
        #expect(detect { _, _, _ in -Int(errno.rawValue) }.verdict == .blocked(errno))
    }

    @Test(arguments: [0, 1, 4096, -Int(EFAULT), -Int(EBADF), -Int(EINTR)])
    func noticesAnotherCallByItsAnswerToUnknownFlags(result: Int) {
        #expect(detect { _, _, _ in result }.verdict == .numberTakenBySomethingElse)
    }

    @Test(arguments: [einval, 0, -Int(EFAULT)])
    func noticesAnotherCallByItsAnswerToAHole(result: Int) {
        let detection = detect { _, _, flags in flags == 0 ? result : Self.einval }
        #expect(detection.verdict == .numberTakenBySomethingElse)
    }

    @Test func noticesAnotherCallThatSucceedsAndClearsNothing() {
        let detection = detect { address, _, flags in answer(address, flags) { _ in } }
        #expect(detection.verdict == .numberTakenBySomethingElse)
        #expect(detection.evidence.last?.contains("a call on the word gave 0, pending lock entry") == true)
    }

    /// A bug of the kernel under test is no absence: the checks have to run, and fail.
    @Test func saysMisbehavesWhenSymbolIsThereAndEffectIsWrong() {
        let detection = detect(symbol: .defined) { address, _, flags in answer(address, flags) { _ in } }
        #expect(detection.verdict == .misbehaves)
        #expect(detection.isPresent && !detection.isAvailable)
    }

    /// With another number for it, calls under this one would hit something else.
    @Test func doesNotTrustTheSymbolWhenTheErrorsAreWrong() {
        #expect(detect(symbol: .defined) { _, _, _ in 0 }.verdict == .numberTakenBySomethingElse)
    }

    @Test func noticesCallThatClearsMoreThanWasNamed() {
        let detection = detect { address, _, flags in
            answer(address, flags) { _ in clear(ifDesignating: nil) }
        }
        #expect(detection.verdict == .numberTakenBySomethingElse)
        #expect(detection.evidence.last?.contains("beside the word") == true)
    }

    /// Once the word named, once another one of the page.
    @Test(arguments: [0, 4] as [UInt])
    func noticesCallThatWritesToTheMemory(distance: UInt) {
        var isOnWord = false
        let detection = detect { address, _, flags in
            answer(address, flags) { address in
                clear(ifDesignating: address)
                // The first call is the one beside the word, which is known by then to clear nothing.
                if isOnWord { UnsafeMutablePointer<UInt32>(bitPattern: address + distance)!.pointee = 0 }
                isOnWord = true
            }
        }
        #expect(detection.verdict == .numberTakenBySomethingElse)
        #expect(detection.evidence.last?.contains("memory itself was changed") == true)
    }

    /// On a kernel where the number is something else, the first call must be unable to do harm.
    @Test func asksFirstWithArgumentsThatHardlyAnythingAccepts() {
        var first: (UInt, UInt32)?
        _ = detect { address, _, flags in
            first = first ?? (address, flags)
            return Self.enosys
        }
        #expect(first?.0 ?? 0 > 0x7fff_ffff_ffff)
        #expect(first.map { Int32(truncatingIfNeeded: $0.0) } == Int32.min)
        #expect(first?.1 == 0xffff_ff7f)
    }

    @Test func restoresRegisteredHeadAfterwards() {
        var before: UInt = 0
        var after: UInt = 0
        _ = crf_get_robust_list(0, &before)
        _ = detect { address, _, flags in answer(address, flags) { clear(ifDesignating: $0) } }
        _ = crf_get_robust_list(0, &after)
        #expect(before == after)
    }
}

struct KernelSymbolTests {
    /// A file in the format of /proc/kallsyms, longer than one read when asked to be.
    private func lookUp(_ line: String, padding: Int = 3, shift: Int = 0) throws -> KernelSymbol {
        let path = FilePath("/tmp/kallsyms-\(getpid())-\(UInt32.random(in: 0 ... .max))")
        let file = try FileDescriptor.open(
            path, .writeOnly, options: [.create, .exclusiveCreate], permissions: .ownerReadWrite)
        defer { unlink(path.string) }
        let others = String(repeating: "0000000000000000 T another_symbol\t[module]\n", count: padding)
        try file.closeAfter {
            _ = try file.writeAll(
                (String(repeating: "-", count: shift) + "\n" + others + line + "\n" + others).utf8)
        }
        return try KernelSymbol.lookUp("wanted", in: path)
    }

    @Test(
        arguments: [
            ("0000000000000000 T wanted", .defined), ("ffffffff81000000 t wanted", .defined),
            ("0000000000000000 W wanted", .stub), ("0000000000000000 T wanted_not", .missing),
            ("0000000000000000 T not_wanted", .missing),
        ] as [(String, KernelSymbol)])
    func tellsDefinitionFromStub(line: String, expected: KernelSymbol) throws {
        #expect(try lookUp(line) == expected)
    }

    /// The 256 KiB of the first read end at every place in and around the line, one after another.
    @Test(arguments: 0..<90)
    func findsSymbolAcrossReads(shift: Int) throws {
        #expect(try lookUp("0000000000000000 T wanted", padding: 6_095, shift: shift) == .defined)
    }

    @Test func throwsWhereNothingCanBeRead() {
        #expect(throws: Errno.noSuchFileOrDirectory) { try KernelSymbol.lookUp("wanted", in: "/nowhere") }
    }
}

struct VDSOTests {
    @Test func findsFunctionThatEveryKernelExports() {
        #expect(VDSO.ofThisProcess().functions.contains("__vdso_clock_gettime"))
    }

    @Test func exportsNothingWithoutImage() {
        #expect(VDSO(image: nil).functions == [])
    }
}
