// SPDX-License-Identifier: MIT

import CRobustFutex
import CRobustListPreload

/// `cleanup_robust_list(2)`, unless its number is that of another system call, which would take the address for its own
/// purposes. What it returns is of no consequence: without it things are as they were. errno is not touched.
///
/// Async-signal-safe, and safe in any thread, as the functions are that it is called from.
func cleanUpRobustLists(_ address: UInt, _ length: Int, _ flags: UInt32) {
    if isNumberRight() { _ = crf_cleanup_robust_list(address, length, flags) }
}

/// Asks the kernel, until it has answered, with no address and with flags that nobody knows; then with an empty range.
private func isNumberRight() -> Bool {
    switch rlp_known_number() {
    case RLP_NUMBER_RIGHT: return true
    case RLP_NUMBER_OF_ANOTHER_CALL: return false
    default: break
    }
    let unknownFlags = ~UInt32(FUTEX_PRIVATE_FLAG)
    let answer = crf_cleanup_robust_list(0, 0, unknownFlags)
    // The kernel has no such call, or a seccomp filter refuses it, in this thread for all that is known.
    if answer == Int(-ENOSYS) || answer == Int(-EPERM) { return false }
    let isRight = answer == Int(-EINVAL) && crf_cleanup_robust_list(0, 0, 0) == 0
    rlp_know_number(isRight ? RLP_NUMBER_RIGHT : RLP_NUMBER_OF_ANOTHER_CALL)
    return isRight
}
