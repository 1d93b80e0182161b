// SPDX-License-Identifier: MIT

import CRobustFutex
import RobustFutex

/// The memory through which the runner gives orders to the tasks of one peer; both map it.
final class Board {
    let file: MemoryFile
    private let mapping: MemoryMapping

    init() throws {
        let length = Int(CRF_BOARD_BYTES)
        file = try MemoryFile(name: "robust-list-board", length: length)
        mapping = try MemoryMapping(of: file, length: length)
    }

    func slot(_ index: Int) -> UnsafeMutablePointer<crf_task> {
        precondition(index < Int(CRF_BOARD_SLOTS), "a board has \(CRF_BOARD_SLOTS) slots")
        return UnsafeMutablePointer<crf_task>(bitPattern: mapping.address)! + index
    }
}
