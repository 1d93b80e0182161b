/* SPDX-License-Identifier: MIT */
#include "ctp_program.h"

#include <stddef.h>
#include "ctp_message.h"
#include "ctp_task.h"

extern const char ctp_program_32_begin[], ctp_program_32_end[];
extern const char ctp_program_64_begin[], ctp_program_64_end[];

/* The assembly below has these as numbers. */
_Static_assert(offsetof(struct ctp_task, request) == 0 && offsetof(struct ctp_task, done) == 4 &&
		       offsetof(struct ctp_task, tid) == 12 && offsetof(struct ctp_task, arguments) == 24 &&
		       offsetof(struct ctp_task, result) == 88,
	       "slot");
_Static_assert(CTP_BOARD_BYTES == 65536 && CTP_DESCRIPTOR_BOARD == 100, "board");

/*
 * The slot's address is at 4(%esp), the number of the order that is carried out at (%esp): every register carries
 * an argument. System calls by their numbers of 32 bits: 192 mmap2, 224 gettid, 240 futex.
 */
__asm__(".pushsection .rodata\n"
	".code32\n"
	"ctp_program_32_begin:\n"
	"	movl $192, %eax\n"
	"	xorl %ebx, %ebx\n"
	"	movl $65536, %ecx\n"
	"	movl $3, %edx\n" /* PROT_READ | PROT_WRITE */
	"	movl $1, %esi\n" /* MAP_SHARED */
	"	movl $100, %edi\n"
	"	xorl %ebp, %ebp\n"
	"	int $0x80\n"
	"	pushl %eax\n"
	"	pushl $1\n"
	"	movl $224, %eax\n"
	"	int $0x80\n"
	"	movl 4(%esp), %ebx\n"
	"	movl %eax, 12(%ebx)\n"
	".Lpublish:\n"
	"	movl 4(%esp), %ebx\n"
	"	movl (%esp), %eax\n"
	"	xchgl %eax, 4(%ebx)\n"
	"	addl $4, %ebx\n"
	"	movl $240, %eax\n"
	"	movl $1, %ecx\n" /* FUTEX_WAKE */
	"	movl $0x7fffffff, %edx\n"
	"	int $0x80\n"
	".Lwait:\n"
	"	movl 4(%esp), %ebx\n"
	"	movl (%ebx), %edx\n"
	"	movl (%esp), %eax\n"
	"	incl %eax\n"
	"	cmpl %eax, %edx\n"
	"	je .Lcarry_out\n"
	"	movl $240, %eax\n"
	"	xorl %ecx, %ecx\n" /* FUTEX_WAIT */
	"	xorl %esi, %esi\n"
	"	int $0x80\n"
	"	jmp .Lwait\n"
	".Lcarry_out:\n"
	"	incl (%esp)\n"
	"	movl %ebx, %eax\n"
	"	movl 32(%eax), %ebx\n"
	"	movl 40(%eax), %ecx\n"
	"	movl 48(%eax), %edx\n"
	"	movl 56(%eax), %esi\n"
	"	movl 64(%eax), %edi\n"
	"	movl 72(%eax), %ebp\n"
	"	movl 24(%eax), %eax\n"
	"	int $0x80\n"
	"	movl 4(%esp), %ebx\n"
	"	cltd\n"
	"	movl %eax, 88(%ebx)\n"
	"	movl %edx, 92(%ebx)\n"
	"	jmp .Lpublish\n"
	"ctp_program_32_end:\n"
	".code64\n"
	"ctp_program_64_begin:\n"
	"	movl $34, %eax\n" /* pause(2) */
	"	syscall\n"
	"	jmp ctp_program_64_begin\n"
	"ctp_program_64_end:\n"
	".popsection\n");

struct ctp_program ctp_program_32(void)
{
	return (struct ctp_program){ .code = ctp_program_32_begin,
				     .length = (uint64_t)(ctp_program_32_end - ctp_program_32_begin) };
}

struct ctp_program ctp_program_64(void)
{
	return (struct ctp_program){ .code = ctp_program_64_begin,
				     .length = (uint64_t)(ctp_program_64_end - ctp_program_64_begin) };
}
