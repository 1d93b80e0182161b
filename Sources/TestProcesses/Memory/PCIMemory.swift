// SPDX-License-Identifier: MIT

import FoundationEssentials
import Glibc
import RobustFutex
import SystemPackage

/// Memory of a PCI device, as sysfs offers it to be mapped.
package enum PCIMemory {
    package static let devices: FilePath = "/sys/bus/pci/devices"

    /// A file of at least a page that can be read without effect: virtio devices have a table of interrupts there.
    package static func find() -> FilePath? {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: devices.string)) ?? []
        let virtio = "0x1af4"
        return names.sorted().map { devices.appending($0) }
            .filter { (try? readText($0.appending("vendor")))?.hasPrefix(virtio) == true }
            .map { $0.appending("resource1") }
            .first { length(of: $0) >= pageSize }
    }

    private static func length(of path: FilePath) -> Int {
        var status = stat()
        return stat(path.string, &status) == 0 ? Int(status.st_size) : 0
    }
}
