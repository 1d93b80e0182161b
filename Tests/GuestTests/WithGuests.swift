// SPDX-License-Identifier: MIT

import Testing

/// All tests that boot guests: one at a time, for each guest has as many processors as the machine.
@Suite(
    .serialized,
    .enabled("the stock kernel is not built or not current; ./test builds it") { try await isBuilt("stock") })
enum WithGuests {}
