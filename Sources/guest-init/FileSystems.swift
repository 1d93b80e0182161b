// SPDX-License-Identifier: MIT

import Glibc
import GuestProtocol

/// One file system to mount.
struct Mount {
    var type: String
    var target: String
    var source: String?
    var flags: Int = 0
    var options: String?
    /// Tells whether the guest is of use without it: a user's own kernel may lack the type.
    var optional = false

    func perform(under root: String = "") throws(InitError) {
        let path = root + target
        try makeDirectories(path)
        if mount(source ?? type, path, type, UInt(flags), options) != 0, !optional {
            throw InitError(failed: "mount \(type) on \(path)")
        }
    }
}

private let proc = Mount(type: "proc", target: "/proc")

/// Mounts in every root directory, the image's and the host's. The image's `/proc` is there already
/// (CGuestInit).
private let standardMounts = [
    Mount(type: "sysfs", target: "/sys"),
    Mount(type: "devtmpfs", target: "/dev"),
    Mount(type: "devpts", target: "/dev/pts", options: "ptmxmode=666", optional: true),
    Mount(type: "tmpfs", target: "/dev/shm", options: "mode=1777"),
    Mount(type: "mqueue", target: "/dev/mqueue", optional: true),
    Mount(type: "hugetlbfs", target: "/dev/hugepages", optional: true),
    Mount(type: "debugfs", target: "/sys/kernel/debug", optional: true),
    Mount(type: "cgroup2", target: "/sys/fs/cgroup", optional: true),
    Mount(type: "tmpfs", target: "/run", options: "mode=755"),
]

func makeDirectories(_ path: String) throws(InitError) {
    var current = ""
    for part in path.split(separator: "/") {
        current += "/" + part
        if mkdir(current, 0o755) != 0, errno != EEXIST {
            throw InitError(failed: "mkdir \(current)")
        }
    }
}

/// The names by which programs open what they have open already: udev's to make elsewhere. Without them a
/// script's `>> /dev/stdout` makes a file of that name, and what it writes is lost.
private let descriptorLinks = [
    ("/dev/fd", "/proc/self/fd"), ("/dev/stdin", "fd/0"), ("/dev/stdout", "fd/1"), ("/dev/stderr", "fd/2"),
]

/// Mounts the image's own file systems, names the ports and brings up the loopback interface.
func prepareImage() throws(InitError) {
    for mount in standardMounts {
        try mount.perform()
    }
    for (link, target) in descriptorLinks {
        try check("link \(link)") { symlink(target, link) }
    }
    try Mount(type: "tmpfs", target: "/tmp", options: "mode=1777").perform()
    try linkPorts()
    sethostname("guest", 5)
    // Programs that talk to themselves over TCP expect it; without busybox or INET they do without.
    _ = try? runAndWait("/bin/busybox", ["ifconfig", "lo", "up"])
}

/// Makes what the command will see as `/`, and enters it.
func enterRoot(of request: GuestRequest) throws(InitError) {
    guard request.root == .host else { return }
    let root = "/newroot"
    let shared = "trans=virtio,version=9p2000.L,msize=262144"
    try Mount(
        type: "9p", target: "/lower", source: ShareTag.hostRoot, flags: Int(MS_RDONLY),
        options: "\(shared),cache=loose"
    ).perform()
    try Mount(type: "tmpfs", target: "/scratch").perform()
    try makeDirectories("/scratch/upper")
    try makeDirectories("/scratch/work")
    try Mount(
        type: "overlay", target: root,
        options: "lowerdir=/lower,upperdir=/scratch/upper,workdir=/scratch/work"
    ).perform()
    for mount in [proc] + standardMounts {
        try mount.perform(under: root)
    }
    if let directory = request.sharedDirectory {
        try Mount(
            type: "9p", target: directory, source: ShareTag.sharedDirectory,
            options: "\(shared),cache=mmap"
        ).perform(under: root)
    }
    // The initial root cannot be pivoted away: cover it, as switch_root(8) does.
    try check("chdir \(root)") { chdir(root) }
    try check("move \(root) to /") { mount(".", "/", nil, UInt(MS_MOVE), nil) }
    try check("chroot \(root)") { chroot(".") }
    try check("chdir /") { chdir("/") }
}
