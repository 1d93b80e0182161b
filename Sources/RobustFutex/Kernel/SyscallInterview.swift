// SPDX-License-Identifier: MIT

import CRobustFutex
import Glibc
import SystemPackage

/// Findings of a child process that made the call in several ways (crf_ask.h), and how it ended.
struct SyscallInterview {
    /// The end of the child process.
    enum End: Equatable {
        case exited
        case signalled(Int32)
        /// It was still in a call when the limit had passed.
        case late
        /// It could not be started, or not be watched.
        case unasked(Errno)
    }

    let end: End
    private let answers: crf_answers

    /// Asks with arguments that no call is known to act on, in a process that is gone on return.
    ///
    /// - Parameter call: runs in the child, where nothing may take a lock. Replaced in tests.
    init(
        call: @escaping @convention(c) (UInt, Int, UInt32, UInt) -> Int = crf_asked_kernel,
        milliseconds: Int32
    ) {
        var answers = crf_answers()
        let status = crf_ask(&answers, call, milliseconds)
        self.answers = answers
        end =
            switch status {
            case -Int(ETIMEDOUT): .late
            case ..<0: .unasked(Errno(rawValue: CInt(-status)))
            default:
                switch crf_term_signal(Int32(status)) {
                case 0: .exited
                case let signal: .signalled(signal)
                }
            }
    }

    /// The result or -errno; nil when the question was not asked, or not answered.
    func answer(to question: crf_question) -> Int? {
        guard answers.answered & bit(of: question) != 0 else { return nil }
        return withUnsafeBytes(of: answers.results) {
            Int($0.load(fromByteOffset: Int(question.rawValue) * 8, as: Int64.self))
        }
    }

    /// The process was in a call from which it did not come back.
    var isInterrupted: Bool { answers.begun != answers.answered }

    /// The reason why it could not ask; nil when it could.
    var problem: Errno? { answers.unready < 0 ? Errno(rawValue: CInt(-answers.unready)) : nil }

    /// Tells whether the call cleared exactly the pending operation on the word named; nil when it was not asked to.
    var effect: (isRight: Bool, words: String)? {
        guard let beside = answer(to: CRF_ASK_BESIDE) else { return nil }
        guard beside == 0, answers.pending_beside == answers.pending_set else {
            return (
                false,
                "a call beside the word gave \(resultName(beside)), \(words(for: answers.pending_beside))"
            )
        }
        guard let at = answer(to: CRF_ASK_AT) else { return nil }
        guard at == 0, answers.pending_at == 0 else {
            return (false, "a call on the word gave \(resultName(at)), \(words(for: answers.pending_at))")
        }
        guard answers.word == answers.value, answers.neighbour == answers.value else {
            let found = [answers.word, answers.neighbour].map { FutexWord(rawValue: $0).description }
            return (false, "the memory itself was changed: \(found.joined(separator: ", "))")
        }
        return (true, "it clears the pending operation on the word named, and no other")
    }

    private func bit(of question: crf_question) -> UInt32 { 1 << question.rawValue }

    private func words(for pending: UInt64) -> String {
        "pending " + (PendingOperation(rawValue: UInt(pending)).map(\.description) ?? "cleared")
    }
}
