// SPDX-License-Identifier: MIT

import CPlayedCall
import CRobustFutex
import CTestProcesses
import Glibc
import SystemPackage
import Testing

@testable import RobustFutex
@testable import TestProcesses

/// Kernels and filters that answer under the number in one way or another, each played in the child that asks.
struct DetectionTests {
    private static let enosys = -Int(ENOSYS)
    private static let einval = -Int(EINVAL)
    private static let enomem = -Int(ENOMEM)

    private func detect(
        symbol: KernelSymbol = .missing, seccomp: Int? = 0, milliseconds: Int32 = SyscallDetector.limit,
        _ script: cpc_script
    ) -> SyscallDetection {
        SyscallDetector(
            interview: {
                cpc_play(script)
                return SyscallInterview(call: cpc_call, milliseconds: milliseconds)
            }, symbol: { symbol }, seccomp: { seccomp }
        ).detect()
    }

    /// Errors as the contract has them, and an effect.
    private func contract(
        _ effect: cpc_effect = CPC_CLEAR_THAT_WORD, unknownFlags: Int = einval, hole: Int = enomem,
        listLimit: Int = einval, memory: Int = 0
    ) -> cpc_script {
        cpc_script(
            unknown_flags: Int64(unknownFlags), hole: Int64(hole), list_limit: Int64(listLimit),
            memory: Int64(memory), effect: effect, end: CPC_RETURN)
    }

    /// One answer to everything.
    private func constant(_ result: Int) -> cpc_script {
        contract(CPC_CLEAR_NOTHING, unknownFlags: result, hole: result, listLimit: result, memory: result)
    }

    private func ending(_ end: cpc_end, signal: Int32 = 0) -> cpc_script {
        var script = contract(unknownFlags: Int(signal))
        script.end = end
        return script
    }

    @Test func findsTheRealThing() {
        let detection = detect(symbol: .defined, contract())
        #expect(detection.verdict == .available)
        #expect(detection.evidence.last == "/proc/kallsyms names it")
    }

    @Test(arguments: [KernelSymbol.missing, .stub, .unreadable])
    func saysAbsentWhenNothingSpeaksForAFilter(symbol: KernelSymbol) {
        #expect(detect(symbol: symbol, constant(Self.enosys)).verdict == .absent)
    }

    @Test func saysAbsentBehindAnyFilterWhenSymbolIsMissing() {
        #expect(detect(seccomp: 2, constant(Self.enosys)).verdict == .absent)
    }

    /// With no filter to answer for it, ENOSYS is the kernel's own: of a number that is not the call's.
    @Test func saysAbsentWhenKernelThatHasItGivesENOSYSItself() {
        let detection = detect(symbol: .defined, seccomp: 0, constant(Self.enosys))
        #expect(detection.verdict == .absent)
        #expect(detection.evidence.last?.contains("it has another number") == true)
    }

    @Test(arguments: [KernelSymbol.defined, .unreadable])
    func saysFilteredWhenFilterMayHideTheCallWithENOSYS(symbol: KernelSymbol) {
        let detection = detect(symbol: symbol, seccomp: 2, constant(Self.enosys))
        #expect(detection.verdict == .blocked(.noFunction))
        #expect(detection.isFiltered)
        #expect(detection.evidence.contains { $0.contains("seccomp mode 2") })
    }

    @Test(
        arguments: [EPERM, EACCES, EINVAL, ENOMEM, EOPNOTSUPP, 0],
        [KernelSymbol.defined, .missing, .unreadable])
    func saysFilteredWhenFilterIsInForceAndAnswersAllTheSame(error: Int32, symbol: KernelSymbol) {
        let detection = detect(symbol: symbol, seccomp: 2, constant(-Int(error)))
        #expect(detection.verdict == .blocked(Errno(rawValue: error)))
        #expect(detection.verdict.words.hasPrefix("filtered ("))
    }

    @Test(arguments: [EPERM, EACCES, EINVAL, ENOMEM, EOPNOTSUPP, 0])
    func saysTakenWhenNoFilterIsInForce(error: Int32) {
        for symbol in [KernelSymbol.defined, .missing] {
            let detection = detect(symbol: symbol, seccomp: 0, constant(-Int(error)))
            #expect(detection.verdict == .numberTakenBySomethingElse)
        }
    }

    /// Without /proc the errors of containers are taken for theirs, others only on a kernel that has the call.
    @Test(arguments: [(EPERM, true), (EACCES, true), (EINVAL, false), (0, false)] as [(Int32, Bool)])
    func judgesByTheErrorWhenSeccompModeCannotBeRead(error: Int32, isFiltered: Bool) {
        #expect(
            detect(symbol: .unreadable, seccomp: nil, constant(-Int(error))).isFiltered == isFiltered)
        #expect(detect(symbol: .defined, seccomp: nil, constant(-Int(error))).isFiltered)
    }

    /// No filter gives a result above 0 or a number that is no error, nor does it tell one question from another.
    @Test(arguments: [1, 7, 4096, -4096])
    func saysTakenBehindAnyFilterWhenResultIsNoFilters(result: Int) {
        #expect(detect(seccomp: 2, constant(result)).verdict == .numberTakenBySomethingElse)
    }

    @Test(arguments: [0, 1, 4096, -Int(EFAULT), -Int(EBADF), -Int(EINTR)])
    func noticesAnotherCallByItsAnswerToUnknownFlags(result: Int) {
        #expect(
            detect(seccomp: 2, contract(unknownFlags: result, listLimit: 6)).verdict
                == .numberTakenBySomethingElse)
    }

    @Test(arguments: [einval, 0, -Int(EFAULT)])
    func noticesAnotherCallByItsAnswerToAHole(result: Int) {
        #expect(
            detect(seccomp: 2, contract(hole: result, listLimit: 6)).verdict == .numberTakenBySomethingElse)
    }

    @Test func noticesAnotherCallThatSucceedsAndClearsNothing() {
        let detection = detect(contract(CPC_CLEAR_NOTHING))
        #expect(detection.verdict == .numberTakenBySomethingElse)
        #expect(detection.evidence.last?.contains("a call on the word gave 0, pending lock entry") == true)
    }

    @Test func noticesAnotherCallThatGivesACount() {
        let detection = detect(contract(memory: 1))
        #expect(detection.verdict == .numberTakenBySomethingElse)
        #expect(detection.evidence.last?.contains("a call beside the word gave 1") == true)
    }

    /// A bug of the kernel under test is no absence: the checks have to run, and fail.
    @Test func saysMisbehavesWhenSymbolIsThereAndEffectIsWrong() {
        let detection = detect(symbol: .defined, contract(CPC_CLEAR_NOTHING))
        #expect(detection.verdict == .misbehaves)
        #expect(detection.isPresent && !detection.isAvailable)
    }

    /// With another number for it, calls under this one would hit something else.
    @Test func doesNotTrustTheSymbolWhenTheErrorsAreWrong() {
        #expect(detect(symbol: .defined, constant(0)).verdict == .numberTakenBySomethingElse)
    }

    @Test func noticesCallThatClearsMoreThanWasNamed() {
        let detection = detect(contract(CPC_CLEAR_ANY))
        #expect(detection.verdict == .numberTakenBySomethingElse)
        #expect(detection.evidence.last?.contains("beside the word") == true)
    }

    @Test(arguments: [CPC_WRITE_WORD, CPC_WRITE_NEIGHBOUR])
    func noticesCallThatWritesToTheMemory(effect: cpc_effect) {
        let detection = detect(contract(effect))
        #expect(detection.verdict == .numberTakenBySomethingElse)
        #expect(detection.evidence.last?.contains("memory itself was changed") == true)
    }

    @Test func survivesWhatEndsTheCallerAndSaysFilteredForSIGSYS() {
        let killed = detect(seccomp: 2, ending(CPC_SIGNAL, signal: SIGSYS))
        #expect(killed.verdict == .fatal)
        #expect(killed.isFiltered)
        #expect(
            killed.evidence == [
                "number 473: a seccomp filter ends its caller by SIGSYS", "/proc/kallsyms does not name it",
            ])
        let crashed = detect(ending(CPC_SIGNAL, signal: SIGSEGV))
        #expect(crashed.verdict == .numberTakenBySomethingElse)
        #expect(crashed.evidence == ["number 473: a call ended by signal 11"])
        #expect(detect(ending(CPC_EXIT)).verdict == .numberTakenBySomethingElse)
    }

    @Test func givesUpCallThatDoesNotReturn() {
        let started = ContinuousClock.now
        let detection = detect(seccomp: 2, milliseconds: 200, ending(CPC_HANG))
        #expect(started.duration(to: .now) < .seconds(10))
        #expect(detection.verdict == .undetermined)
        #expect(!detection.isPresent && !detection.isRefused)
        #expect(detection.evidence.first == "number 473: a call did not return in time")
    }

    /// The caller's own list stays registered, its signals unblocked, and no child is left to be waited for.
    @Test func leavesTheCallerAsItWas() throws {
        // In a thread of which nobody has asked before.
        let (before, after) = try inNewThread {
            ctp_unblock_signals()
            let before = try CallerState()
            _ = detect(contract())
            _ = detect(milliseconds: 200, ending(CPC_HANG))
            _ = detect(ending(CPC_SIGNAL, signal: SIGSYS))
            return (before, try CallerState())
        }
        #expect(after.head == before.head)
        #expect(!before.blocked.contains(true))
        #expect(after.blocked == before.blocked)
        #expect(after.children.subtracting(before.children) == [])
    }

    /// Other tests open and close some meanwhile; not as many.
    @Test func leavesNoDescriptorOpen() {
        func openDescriptors() -> Int { (0..<4096).count { fcntl($0, F_GETFD) >= 0 } }
        let rounds = 200
        let before = openDescriptors()
        for _ in 0..<rounds { _ = detect(constant(Self.enosys)) }
        #expect(openDescriptors() - before < rounds)
    }

    private struct CallerState {
        var head: UInt = 0
        let blocked: [Bool]
        let children: Set<Substring>

        init() throws {
            var mask = sigset_t()
            pthread_sigmask(SIG_BLOCK, nil, &mask)
            blocked = (1...64).map { sigismember(&mask, $0) == 1 }
            children = Set(try readText("/proc/thread-self/children").split(separator: " "))
            _ = crf_get_robust_list(0, &head)
        }
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
