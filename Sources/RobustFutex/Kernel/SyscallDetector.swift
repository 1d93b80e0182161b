// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import SystemPackage

/// Finds out what answers under the number of cleanup_robust_list(2).
///
/// On a kernel that does not know it, the number may belong to any system call, and a seccomp filter may do anything
/// to who makes it. So a child process asks (``SyscallInterview``); what it saw is judged here.
struct SyscallDetector {
    /// A child process that asks. Replaced in tests.
    var interview: () -> SyscallInterview = { SyscallInterview(milliseconds: Self.limit) }
    var symbol: () -> KernelSymbol = KernelSymbol.ofCleanupRobustList
    var seccomp: () -> Int? = seccompMode

    /// The child's calls have nobody to wait for; long enough for a loaded machine under emulation.
    static let limit: Int32 = 10_000

    func detect() -> SyscallDetection {
        var evidence: [String] = []
        let verdict = verdict(interview(), &evidence)
        return SyscallDetection(verdict: verdict, evidence: evidence)
    }

    private func verdict(
        _ interview: SyscallInterview, _ evidence: inout [String]
    ) -> SyscallDetection.Verdict {
        let unknown = interview.answer(to: CRF_ASK_UNKNOWN_FLAGS)
        let hole = interview.answer(to: CRF_ASK_HOLE)
        let listLimit = interview.answer(to: CRF_ASK_LIST_LIMIT)
        evidence += [
            unknown.map { "number \(cleanupRobustListNumber): unknown flags give \(resultName($0))" },
            hole.map { "an unmapped range gives \(resultName($0))" },
            listLimit.map { "asked for its limit as set_robust_list2(2) it gives \(resultName($0))" },
        ].compactMap { $0 }

        if interview.isInterrupted || unknown == nil { return noAnswer(interview, &evidence) }
        guard unknown == -Int(EINVAL), hole == -Int(ENOMEM) else {
            return wrongAnswers([unknown, hole, listLimit].compactMap { $0 }, &evidence)
        }
        guard let effect = interview.effect else {
            evidence.append(
                "its effect could not be observed: \(interview.problem?.name ?? "no reason given")")
            return .undetermined
        }
        evidence.append(effect.words)
        guard effect.isRight else { return wrongEffect(&evidence) }
        if symbol() == .defined { evidence.append("/proc/kallsyms names it") }
        return .available
    }

    /// The child process did not come back from a call, or never got to one.
    private func noAnswer(
        _ interview: SyscallInterview, _ evidence: inout [String]
    ) -> SyscallDetection.Verdict {
        switch (interview.end, interview.isInterrupted) {
        case (.signalled(SIGSYS), true):
            // No system call does that to its caller, whatever its arguments.
            evidence.append("number \(cleanupRobustListNumber): a seccomp filter ends its caller by SIGSYS")
            evidence.append(symbolSentence)
            return .fatal
        case (.signalled(let signal), true):
            evidence.append("number \(cleanupRobustListNumber): a call ended by signal \(signal)")
            return .numberTakenBySomethingElse
        case (.exited, true):
            evidence.append("number \(cleanupRobustListNumber): a call ended its caller")
            return .numberTakenBySomethingElse
        case (.late, true):
            evidence.append("number \(cleanupRobustListNumber): a call did not return in time")
            evidence.append(seccompSentence)
        case (.unasked(let errno), _):
            evidence.append("no child process could be started and watched to ask: \(errno.name)")
        case (let end, false):
            evidence.append("the child process that was to ask did not get to it: \(end)")
        }
        return .undetermined
    }

    /// Nobody home, somebody in the way, or somebody else.
    private func wrongAnswers(
        _ answers: [Int], _ evidence: inout [String]
    ) -> SyscallDetection.Verdict {
        // Filters look at the number: theirs is one answer to all that is asked. -4095: the last error there is.
        guard let answer = answers.first, answers.allSatisfy({ $0 == answer }), (-4095...0).contains(answer)
        else { return .numberTakenBySomethingElse }
        let errno = Errno(rawValue: CInt(-answer))
        let symbol = symbol()
        if errno == .noFunction { return absentOrFiltered(symbol, &evidence) }

        evidence += [seccompSentence, symbolSentence(symbol)]
        let isFiltered =
            switch seccomp() {
            case 0: false
            case .some: true
            // It cannot be read: these are the errors of containers' filters, or the kernel is known to have the call.
            case nil: errno == .notPermitted || errno == .permissionDenied || symbol == .defined
            }
        return isFiltered ? .blocked(errno) : .numberTakenBySomethingElse
    }

    /// ENOSYS comes from kernels without the system call and from filters that imitate them.
    private func absentOrFiltered(
        _ symbol: KernelSymbol, _ evidence: inout [String]
    ) -> SyscallDetection.Verdict {
        evidence.append(symbolSentence(symbol))
        switch (symbol, seccomp()) {
        case (.defined, 0):
            evidence.append("no filter is in force: it has another number, or cannot work on this machine")
        case (.defined, _), (.unreadable, .some(1...)):
            evidence.append(seccompSentence)
            return .blocked(.noFunction)
        case (.unreadable, _):
            evidence.append(seccompSentence)
        case (.stub, _), (.missing, _):
            break
        }
        return .absent
    }

    /// A kernel under development has bugs: that must not pass for its absence.
    private func wrongEffect(_ evidence: inout [String]) -> SyscallDetection.Verdict {
        guard symbol() == .defined else { return .numberTakenBySomethingElse }
        evidence.append("/proc/kallsyms names it, so it is that call which is wrong")
        return .misbehaves
    }

    private var symbolSentence: String { symbolSentence(symbol()) }

    private func symbolSentence(_ symbol: KernelSymbol) -> String {
        switch symbol {
        case .defined: "/proc/kallsyms names it"
        case .stub: "the kernel was built without it (/proc/kallsyms has the stub)"
        case .missing: "/proc/kallsyms does not name it"
        case .unreadable: "/proc/kallsyms cannot tell"
        }
    }

    private var seccompSentence: String {
        switch seccomp() {
        case 0: "no seccomp filter is in force"
        case .some(let mode): "seccomp mode \(mode) is in force"
        case nil: "the seccomp mode cannot be read"
        }
    }
}
