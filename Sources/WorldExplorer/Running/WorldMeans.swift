// SPDX-License-Identifier: MIT

import Glibc
import RobustFutex
import SystemPackage
import TestProcesses

/// Things that worlds need of the machine, for as long as the value lives.
public final class WorldMeans {
    private let hugePages: HugePages?
    private let hasTransparentHugePages: Bool
    private let swap: SwapSpace?
    let disk: DiskDirectory?
    let overlay: OverlayDirectory?
    /// One for each world at a time has.
    private let devices: [WorldDevice]
    /// Memory without a name can be opened.
    let opensMappings: Bool
    /// Maps of BPF can be made, and mapped.
    let hasBPF: Bool
    let hasNamespaces = geteuid() == 0
    let hasControlGroups = geteuid() == 0 && ControlGroup.problem() == nil
    /// The things that worlds do without here, each with the reason.
    public let missing: [String]

    /// - Parameter worlds: the number of those at a time.
    /// - Throws: when no process can be started from which those of the worlds come: it must not have what worlds share.
    public init(forWorlds worlds: Int = 1) throws {
        try PeerRoot.start()
        var missing: [String] = []
        do {
            hugePages = try HugePages(reserving: worlds)
        } catch {
            hugePages = nil
            missing.append("huge pages: \(error)")
        }
        do {
            swap = try SwapSpace()
        } catch {
            swap = nil
            missing.append("swap space: \(error)")
        }
        func attempt<Means>(_ what: String, _ make: () throws -> Means) -> Means? {
            do {
                guard geteuid() == 0 else { throw CheckError.broken("they need root") }
                return try make()
            } catch {
                missing.append("\(what): \(error)")
                return nil
            }
        }
        if swap != nil { _ = attempt("pages that leave memory", Self.letPageLeave) }
        if !HeadFile.hasCompat {
            missing.append("heads of 32 bits: the kernel has none (CONFIG_IA32_EMULATION)")
        }
        if !HeadFile.hasX32 {
            missing.append("heads registered by the x32 ABI: the kernel has none (CONFIG_X86_X32_ABI)")
        }
        hasTransparentHugePages =
            attempt("transparent huge pages") { _ = try StoredFile(.transparent) } != nil
        disk = attempt("files on ext4") { try DiskDirectory() }
        overlay = attempt("files in an overlay") { try OverlayDirectory() }
        devices =
            attempt("block devices") {
                try (0..<worlds * Extent.files).map { _ in
                    try WorldDevice(length: Extent.filePages * Extent.pageBytes)
                }
            } ?? []
        opensMappings =
            attempt("memory without a name") { _ = try SysVSegment(length: pageSize).file() } != nil
        hasBPF = attempt("maps of BPF") { _ = try BPFArray.reopen(BPFArray.create(length: pageSize)) } != nil
        if !hasNamespaces { missing.append("PID namespaces: they need root") }
        if !hasControlGroups {
            missing.append("frozen control groups: \(ControlGroup.problem() ?? "they need root")")
        }
        self.missing = missing
    }

    /// - Throws: where pages stay in memory although they are asked to leave.
    private static func letPageLeave() throws {
        // A page that another processor has only just allocated is out of reach, so one page does not decide it.
        try Deadline.poll(for: "a page to leave memory by madvise(MADV_PAGEOUT)", within: .seconds(2)) {
            let page = try MemoryMapping(anonymous: .private, length: pageSize)
            let start = UnsafeMutableRawPointer(bitPattern: page.address)!
            memset(start, 1, pageSize)
            guard madvise(start, pageSize, MADV_PAGEOUT) == 0 else {
                throw CheckError.broken("madvise(MADV_PAGEOUT): \(Errno(rawValue: errno).name)")
            }
            return try !isPageMapped(page.address, in: getpid())
        }
    }

    /// The kind of memory that there is instead of the one asked for, if that one is not there.
    func available(_ huge: Stores.Huge) -> Stores.Huge? {
        switch huge {
        case .hugetlb where hugePages != nil: .hugetlb
        case .transparent where hasTransparentHugePages: .transparent
        default: hugePages != nil ? .hugetlb : nil
        }
    }

    /// A device that no other world has, for as long as the claim lives; nil where there are none.
    func claimDevice() throws -> (device: WorldDevice, claim: WorldDevice.Claim)? {
        for device in devices {
            if let claim = try device.claim() { return (device, claim) }
        }
        guard devices.isEmpty else { throw CheckError.broken("all \(devices.count) devices are in use") }
        return nil
    }
}
