// SPDX-License-Identifier: MIT

import SystemPackage

/// The value of a system call's result, or the error that it carries as a negative number.
package func valueOrErrno(_ result: Int) throws(Errno) -> Int {
    guard result < 0 else { return result }
    throw Errno(rawValue: CInt(-result))
}
