// SPDX-License-Identifier: MIT

import Glibc
import TestProcesses

extension Check {
    /// Checks of known outcome, by which the reporting itself is checked. Not part of ``all``.
    public static let specimens: [Check] = [
        Check("passes", .specimens, .anyKernel, claim: "passes") { _ in },
        Check("fails", .specimens, .anyKernel, claim: "fails, with # in the reason and a second line") { _ in
            throw CheckError.failed("expected 1,\nobserved #2")
        },
        Check("breaks", .specimens, .anyKernel, claim: "throws what is no CheckError") { _ in
            throw UnexpectedError()
        },
        Check("crashes", .specimens, .anyKernel, claim: "ends by SIGABRT, with a peer alive") { scene in
            _ = try scene.peer()
            abort()
        },
        Check("leavesSilently", .specimens, .anyKernel, claim: "exits with 0 and no result") { _ in _exit(0)
        },
        Check("hangs", .specimens, .anyKernel, claim: "never ends, with a peer alive") { scene in
            _ = try scene.peer()
            while true { pause() }
        },
    ]
}

private struct UnexpectedError: Error {}
