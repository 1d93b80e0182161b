// SPDX-License-Identifier: MIT

import SystemPackage
import Testing

@testable import GuestHarness

@Suite struct MutantPatchTests {
    /// Results are kept for as long as the patch is the same: a run that was interrupted would begin anew.
    @Test func patchHasNoTimes() async throws {
        try await withTemporaryDirectory { directory in
            let patch = try await MutantRun.difference("one\ntwo\n", "one\n2\n", in: directory)
            #expect(
                patch == """
                    diff --git a/kernel/futex/cleanup.c b/kernel/futex/cleanup.c
                    --- a/kernel/futex/cleanup.c
                    +++ b/kernel/futex/cleanup.c
                    @@ -1,2 +1,2 @@
                     one
                    -two
                    +2

                    """)
        }
    }
}
