// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex

extension MemoryFile {
    /// Adds seals to a memfd, F_ADD_SEALS of fcntl(2).
    package func seal(_ seals: Int) throws(CheckError) {
        guard seals != 0 else { return }
        try required(
            "F_ADD_SEALS",
            crf_syscall6(
                crf_nr_fcntl, UInt(descriptor.rawValue), UInt(CRF_F_ADD_SEALS), UInt(seals), 0, 0, 0))
    }
}
