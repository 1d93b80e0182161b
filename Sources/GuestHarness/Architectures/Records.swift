// SPDX-License-Identifier: MIT

extension Architecture {
    /// All that guests can have.
    public static let all = [x86, arm64, arm, riscv64, s390x, ppc64le, i386]

    /// TCG walks page tables in software: a fifth level costs at every miss and nothing here needs it.
    /// And it emulates `rep stosb` byte by byte, with which a kernel clears pages on processors that say it is fast (ERMS,
    /// FSRM). On the others it stores 8 bytes at a time, and a guest that makes many processes takes a quarter less time.
    ///
    /// The kernels of the catalogue are built without ACPI, so they are told the port of its timer. They also have to
    /// trust the processors' clocks although there are several sockets: under emulation every one of them is the host's
    /// clock. And on a loaded host the timer may tick too late for the check that it ticks at all.
    public static let x86 = Architecture(
        name: "x86_64", debian: "amd64", kernelArchitecture: "x86", makeTarget: "bzImage",
        kernelImage: "arch/x86/boot/bzImage", qemu: "qemu-system-x86_64", packages: ["qemu-system-x86"],
        machine: "q35", emulatedProcessor: "max,la57=off,erms=off,fsrm=off", acceleratedProcessor: "host",
        console: "ttyS0",
        kernelArguments: ["pmtmr=0x608", "tsc=reliable", "no_timer_check"], oneProcessorASocket: true,
        runsSwift: true)

    /// Without signed pointers and wide vectors, which TCG takes its time for.
    static let arm64 = Architecture(
        name: "arm64", debian: "arm64", kernelArchitecture: "arm64", makeTarget: "Image",
        kernelImage: "arch/arm64/boot/Image", triplet: "aarch64-linux-gnu", qemu: "qemu-system-aarch64",
        packages: ["qemu-system-arm"], machine: "virt", emulatedProcessor: "max,pauth=off,sve=off,sme=off",
        acceleratedProcessor: "host", console: "ttyAMA0",
        kernelArguments: ["earlycon"], compat: "arm")

    static let arm = Architecture(
        name: "arm", debian: "armhf", kernelArchitecture: "arm", makeTarget: "zImage",
        kernelImage: "arch/arm/boot/zImage", triplet: "arm-linux-gnueabihf", qemu: "qemu-system-arm",
        packages: ["qemu-system-arm"], machine: "virt,highmem=off", emulatedProcessor: "cortex-a15",
        acceleratedProcessor: "host", console: "ttyAMA0", kernelArguments: ["earlycon"],
        singleSteps: .never)

    static let riscv64 = Architecture(
        name: "riscv64", debian: "riscv64", kernelArchitecture: "riscv", makeTarget: "Image",
        kernelImage: "arch/riscv/boot/Image", triplet: "riscv64-linux-gnu", qemu: "qemu-system-riscv64",
        packages: ["qemu-system-misc", "opensbi"], machine: "virt", emulatedProcessor: "rv64",
        acceleratedProcessor: "host", console: "ttyS0", kernelArguments: ["earlycon"],
        singleSteps: .never)

    static let s390x = Architecture(
        name: "s390x", debian: "s390x", kernelArchitecture: "s390", makeTarget: "bzImage",
        kernelImage: "arch/s390/boot/bzImage", triplet: "s390x-linux-gnu", qemu: "qemu-system-s390x",
        packages: ["qemu-system-misc"], machine: "s390-ccw-virtio", emulatedProcessor: "max",
        acceleratedProcessor: "host", console: "ttysclp0", singleSteps: .byEmulator)

    /// The firmware is QEMU's own part (VOF), which takes no time.
    static let ppc64le = Architecture(
        name: "ppc64le", debian: "ppc64el", kernelArchitecture: "powerpc", makeTarget: "vmlinux",
        kernelImage: "vmlinux", triplet: "powerpc64le-linux-gnu", qemu: "qemu-system-ppc64",
        packages: ["qemu-system-ppc"],
        machine: "pseries,x-vof=on,cap-cfpc=broken,cap-sbbc=broken,cap-ibs=broken",
        emulatedProcessor: "power9", acceleratedProcessor: "host", console: "hvc0")

    /// The processor is the one that QEMU's `max` is for 64 bits: the one for 32 bits is taken for an Athlon that is not fit
    /// for several sockets, about which the kernel warns.
    static let i386 = Architecture(
        name: "i386", debian: "i386", kernelArchitecture: "i386", makeTarget: "bzImage",
        kernelImage: "arch/x86/boot/bzImage", compilerOptions: ["-m32"], qemu: "qemu-system-i386",
        packages: ["qemu-system-x86"], machine: "q35",
        emulatedProcessor: "max,family=15,model=107,stepping=1",
        acceleratedProcessor: "host", console: "ttyS0",
        kernelArguments: ["tsc=reliable", "no_timer_check"], oneProcessorASocket: true)
}
