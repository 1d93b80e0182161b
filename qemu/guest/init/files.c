/* SPDX-License-Identifier: MIT */
#include "init.h"

#include <errno.h>
#include <net/if.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

struct mounted {
	const char *type;
	const char *target;
	const char *options;
	int optional; /* the guest is of use without it: a user's own kernel may lack the type */
};

static const struct mounted everywhere[] = {
	{ .type = "proc", .target = "/proc" },
	{ .type = "sysfs", .target = "/sys" },
	{ .type = "devtmpfs", .target = "/dev" },
	{ .type = "devpts", .target = "/dev/pts", .options = "ptmxmode=666", .optional = 1 },
	{ .type = "tmpfs", .target = "/dev/shm", .options = "mode=1777" },
	{ .type = "mqueue", .target = "/dev/mqueue", .optional = 1 },
	{ .type = "hugetlbfs", .target = "/dev/hugepages", .optional = 1 },
	{ .type = "debugfs", .target = "/sys/kernel/debug", .optional = 1 },
	{ .type = "cgroup2", .target = "/sys/fs/cgroup", .optional = 1 },
	{ .type = "tmpfs", .target = "/run", .options = "mode=755" },
};

/* The root directory of the image's own files. */
static const char host_directory[] = "/host";

/*
 * The names by which programs open what they have open already: udev's to make elsewhere. Without them a script's
 * `>> /dev/stdout` makes a file of that name, and what it writes is lost.
 */
static const char *const descriptor_links[][2] = {
	{ "/dev/fd", "/proc/self/fd" },
	{ "/dev/stdin", "fd/0" },
	{ "/dev/stdout", "fd/1" },
	{ "/dev/stderr", "fd/2" },
};

/* Returns false, with what errno says, where one cannot be made; its name is left in `current`. */
static int try_to_make_directories(const char *path, char current[PATH_MAX])
{

	if (strlen(path) >= PATH_MAX)
		fail("mkdir %s: too long", path);
	strcpy(current, path);
	for (char *slash = current; slash;) {
		slash = strchr(slash + 1, '/');
		if (slash)
			*slash = 0;
		if (mkdir(current, 0755) && errno != EEXIST)
			return 0;
		if (slash)
			*slash = '/';
	}
	return 1;
}

void make_directories(const char *path)
{
	char current[PATH_MAX];

	if (!try_to_make_directories(path, current))
		fail_call("mkdir %s", current);
}

static void mount_at(const char *root, const char *target, const char *type, const char *source,
		     unsigned long flags, const char *options, int optional)
{
	char path[PATH_MAX], current[PATH_MAX];

	snprintf(path, sizeof(path), "%s%s", root, target);
	/* In sysfs only the kernel makes a place for a file system that it has. */
	if (!try_to_make_directories(path, current)) {
		if (optional)
			return;
		fail_call("mkdir %s", current);
	}
	if (mount(source ? source : type, path, type, flags, options) && !optional)
		fail_call("mount %s on %s", type, path);
}

static void mount_everywhere(const char *root)
{
	for (size_t i = 0; i < sizeof(everywhere) / sizeof(everywhere[0]); i++)
		mount_at(root, everywhere[i].target, everywhere[i].type, NULL, 0, everywhere[i].options,
			 everywhere[i].optional);
}

/* Programs that talk to themselves over TCP expect it; without INET they do without. */
static void bring_up_loopback(void)
{
	struct ifreq request = { .ifr_name = "lo" };
	int file = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (file < 0)
		return;
	if (!ioctl(file, SIOCGIFFLAGS, &request)) {
		request.ifr_flags |= IFF_UP;
		ioctl(file, SIOCSIFFLAGS, &request);
	}
	close(file);
}

void prepare_image(void)
{
	mount_everywhere("");
	for (size_t i = 0; i < sizeof(descriptor_links) / sizeof(descriptor_links[0]); i++) {
		if (symlink(descriptor_links[i][1], descriptor_links[i][0]))
			fail_call("symlink %s", descriptor_links[i][0]);
	}
	mount_at("", "/tmp", "tmpfs", NULL, 0, "mode=1777", 0);
	if (sethostname("guest", 5))
		fail_call("sethostname");
	bring_up_loopback();
}

static void mount_host(const char *root, const char *target, const char *tag, unsigned long flags,
		       const char *cache)
{
	char options[100];

	snprintf(options, sizeof(options), "trans=virtio,version=9p2000.L,msize=262144,cache=%s", cache);
	mount_at(root, target, "9p", tag, flags, options, 0);
}

static void enter(const char *root)
{
	/* The initial root cannot be pivoted away: cover it, as switch_root(8) does. */
	if (chdir(root) || mount(".", "/", NULL, MS_MOVE, NULL) || chroot(".") || chdir("/"))
		fail_call("make %s the root directory", root);
}

void enter_root(const struct message *request)
{
	const char *shared = field(request, "share", 0);
	const char *kind = field(request, "root", 0);
	const char *root = "";

	if (!strcmp(kind, "host")) {
		root = "/newroot";
		mount_host("", "/lower", "hostroot", MS_RDONLY, "loose");
		mount_at("", "/scratch", "tmpfs", NULL, 0, NULL, 0);
		make_directories("/scratch/upper");
		make_directories("/scratch/work");
		mount_at("", root, "overlay", NULL, 0,
			 "lowerdir=/lower,upperdir=/scratch/upper,workdir=/scratch/work", 0);
		mount_everywhere(root);
	} else if (!strcmp(kind, "image-with-host")) {
		mount_host("", host_directory, "hostroot", MS_RDONLY, "loose");
	} else if (strcmp(kind, "image")) {
		fail("a request for the root '%s', which is none", kind);
	}
	if (shared)
		mount_host(root, shared, "shared", 0, "mmap");
	if (*root)
		enter(root);
}
