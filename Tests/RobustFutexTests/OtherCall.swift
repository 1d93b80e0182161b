// SPDX-License-Identifier: MIT

import Glibc

/// Another system call that has the number on a kernel that does not know cleanup_robust_list(2).
enum OtherCall: String, CaseIterable {
    /// set_robust_list2(head, command, index, flags).
    case commandSecond
    /// set_robust_list2(head, index, command, flags).
    case commandThird
    /// Success, whatever is asked.
    case zero
    case one
    /// A small number, as a descriptor is.
    case descriptor
    /// EINVAL for unknown flags, else success.
    case knowsFlags
    /// The same with ENOMEM for address 0: the errors that are asked for first are right.
    case knowsFlagsAndHoles

    /// The effect of the call on the task that makes it.
    struct Answer {
        /// -errno, or what it returns.
        let result: Int
        /// A list head is registered, replaced or taken away.
        var changesLists = false
    }

    /// - Parameter arguments: the six registers.
    func answer(to arguments: [UInt64]) -> Answer {
        let flags = UInt32(truncatingIfNeeded: arguments[2])
        let hasUnknownFlags = flags & ~128 != 0
        switch self {
        case .commandSecond: return setRobustList2(arguments, command: 1, index: 2, limit: 4)
        case .commandThird: return setRobustList2(arguments, command: 2, index: 1, limit: 2)
        case .zero: return Answer(result: 0)
        case .one: return Answer(result: 1)
        case .descriptor: return Answer(result: 7)
        case .knowsFlags: return Answer(result: hasUnknownFlags ? -Int(EINVAL) : 0)
        case .knowsFlagsAndHoles:
            return Answer(result: hasUnknownFlags ? -Int(EINVAL) : arguments[0] == 0 ? -Int(ENOMEM) : 0)
        }
    }

    /// - Parameters:
    ///   - command: which argument says what to do; `limit` is the command that only asks, those below it register.
    ///   - index: which argument says which of the lists.
    private func setRobustList2(
        _ arguments: [UInt64], command: Int, index: Int, limit: UInt32
    ) -> Answer {
        let lists: UInt32 = 6
        let wanted = UInt32(truncatingIfNeeded: arguments[command])
        guard UInt32(truncatingIfNeeded: arguments[3]) == 0, wanted <= limit else {
            return Answer(result: -Int(EINVAL))
        }
        if wanted == limit { return Answer(result: Int(lists)) }
        // Even commands are about lists of 64 bits.
        guard arguments[0] % (wanted % 2 == 0 ? 8 : 4) == 0,
            UInt32(truncatingIfNeeded: arguments[index]) < lists
        else { return Answer(result: -Int(EINVAL)) }
        return Answer(result: 0, changesLists: true)
    }
}
