// SPDX-License-Identifier: MIT

import CTestProcesses
import RobustFutex

/// The memory through which the runner gives orders to the tasks of one peer; both map it.
package final class Board {
    package let file: MemoryFile
    private let mapping: MemoryMapping

    package init() throws {
        let length = Int(CTP_BOARD_BYTES)
        file = try MemoryFile(name: "robust-list-board", length: length)
        mapping = try MemoryMapping(of: file, length: length)
    }

    package func slot(_ index: Int) -> UnsafeMutablePointer<ctp_task> {
        precondition(index < Int(CTP_BOARD_SLOTS), "a board has \(CTP_BOARD_SLOTS) slots")
        return UnsafeMutablePointer<ctp_task>(bitPattern: mapping.address)! + index
    }
}
