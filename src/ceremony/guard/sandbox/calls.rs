//! seccomp: system calls that this program has no use for, and that an intruder would.

use crate::store::file;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule, apply_filter_all_threads, sock_filter,
};
use std::collections::BTreeMap;
use std::path::Path;

/// Making sockets: the family is the first argument of both.
const FAMILIES: [i64; 2] = [libc::SYS_socket, libc::SYS_socketpair];

/// Talking over a socket, also an inherited one.
const TALK: [i64; 7] = [
    libc::SYS_connect,
    libc::SYS_sendto,
    libc::SYS_sendmsg,
    libc::SYS_sendmmsg,
    libc::SYS_recvfrom,
    libc::SYS_recvmsg,
    libc::SYS_recvmmsg,
];

/// Refused whatever the arguments.
const REFUSED: &[i64] = &[
    // being called
    libc::SYS_bind,
    libc::SYS_listen,
    libc::SYS_accept,
    libc::SYS_accept4,
    // running another program
    libc::SYS_execve,
    libc::SYS_execveat,
    // other processes' memory and descriptors
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // system calls by another way, which a filter does not see
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // the kernel's large surfaces
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // files by another way than their path
    libc::SYS_name_to_handle_at,
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    // another view of the files, and namespaces
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_mount_setattr,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    // the machine: its kernel, its swap, its clock
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_reboot,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_acct,
    libc::SYS_quotactl,
    libc::SYS_syslog,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

/// Access to hardware, on the one architecture that has calls for it.
#[cfg(target_arch = "x86_64")]
const HARDWARE: &[i64] = &[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_modify_ldt];
#[cfg(not(target_arch = "x86_64"))]
const HARDWARE: &[i64] = &[];

/// Does the kernel know filters that refuse with an error (seccomp(2))?
pub fn are_filtered() -> bool {
    let actions = file::read(Path::new("/proc/sys/kernel/seccomp/actions_avail"), file::SMALL);
    actions.is_ok_and(|text| text.split(u8::is_ascii_whitespace).any(|word| word == b"errno"))
}

/// What is said when nothing is refused.
pub fn open(why: &str) -> String {
    format!("sockets and exec are open: {why}")
}

/// Refuses them from now on, in all threads, with EPERM.
///
/// # Errors
/// What is open, in words.
pub fn refuse(unix_sockets: bool) -> Result<(), String> {
    let program = program(unix_sockets).map_err(|error| open(&error.to_string()))?;
    apply_filter_all_threads(&program).map_err(|error| open(&error.to_string()))
}

const EPERM: SeccompAction = SeccompAction::Errno(libc::EPERM as u32);

fn program(unix_sockets: bool) -> Result<BpfProgram, seccompiler::BackendError> {
    let always = [REFUSED, HARDWARE, if unix_sockets { &[] } else { &TALK[..] }].concat();
    let mut rules: BTreeMap<i64, Vec<SeccompRule>> =
        always.into_iter().map(|call| (call, Vec::new())).collect();
    for call in FAMILIES {
        rules.insert(call, if unix_sockets { vec![unless_unix()?] } else { Vec::new() });
    }
    let arch = std::env::consts::ARCH.try_into()?;
    let filter: BpfProgram =
        SeccompFilter::new(rules, SeccompAction::Allow, EPERM, arch)?.try_into()?;
    Ok(NO_X32.iter().filter(|_| cfg!(target_arch = "x86_64")).cloned().chain(filter).collect())
}

fn unless_unix() -> Result<SeccompRule, seccompiler::BackendError> {
    let unix = libc::AF_UNIX as u64;
    let other = SeccompCondition::new(0, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, unix)?;
    SeccompRule::new(vec![other])
}

/// The x32 ABI has the architecture of x86-64 and other numbers, from 0x40000000 on: a filter that
/// names what it refuses must refuse all of them (seccomp(2), "Architecture"). Load the number;
/// if it is that large, return EPERM; else go on.
const NO_X32: [sock_filter; 3] = [
    sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 },
    sock_filter { code: 0x35, jt: 0, jf: 1, k: 0x4000_0000 },
    sock_filter { code: 0x06, jt: 0, jf: 0, k: 0x0005_0000 | libc::EPERM as u32 },
];

#[cfg(test)]
mod tests {
    use super::*;

    const ALLOWED: u32 = 0x7fff_0000;
    const DENIED: u32 = 0x0005_0000 | libc::EPERM as u32;

    /// What the kernel would do: the part of classic BPF that filters use (seccomp(2)).
    fn verdict(program: &[sock_filter], number: u32, first_argument: u32) -> u32 {
        let arch = if cfg!(target_arch = "x86_64") { 0xc000_003e } else { 0xc000_00b7 };
        let (mut at, mut loaded) = (0, 0);
        loop {
            let step = &program[at];
            at += 1;
            let jump = |yes: bool| usize::from(if yes { step.jt } else { step.jf });
            match step.code {
                0x20 => {
                    loaded = match step.k {
                        0 => number,
                        4 => arch,
                        16 => first_argument,
                        _ => 0,
                    }
                }
                0x05 => at += step.k as usize,
                0x15 => at += jump(loaded == step.k),
                0x25 => at += jump(loaded > step.k),
                0x35 => at += jump(loaded >= step.k),
                0x06 => return step.k,
                code => panic!("{code:#x}"),
            }
        }
    }

    #[test]
    fn sockets_are_refused_but_unix_ones_where_they_are_needed() {
        let (none, unix) = (program(false).unwrap(), program(true).unwrap());
        let number = |call: i64| u32::try_from(call).unwrap();
        for family in [1, 2, 10, 16, 17] {
            for call in FAMILIES {
                assert_eq!(verdict(&none, number(call), family), DENIED);
                let expected = if family == 1 { ALLOWED } else { DENIED };
                assert_eq!(verdict(&unix, number(call), family), expected);
            }
        }
        for call in TALK {
            assert_eq!(verdict(&none, number(call), 1), DENIED);
            assert_eq!(verdict(&unix, number(call), 1), ALLOWED);
        }
        for call in REFUSED {
            assert_eq!(verdict(&none, number(*call), 1), DENIED);
            assert_eq!(verdict(&unix, number(*call), 1), DENIED);
        }
        for call in [libc::SYS_openat, libc::SYS_clone, libc::SYS_clone3, libc::SYS_futex] {
            assert_eq!(verdict(&none, number(call), 0), ALLOWED);
        }
    }

    #[test]
    #[cfg(target_arch = "x86_64")]
    fn no_number_of_the_x32_abi_goes_through() {
        let program = program(true).unwrap();
        // Of socket, of execve, and of open, which x32 shares with x86-64.
        for number in [0x4000_0029, 0x4000_0208, 0x4000_0002, u32::MAX] {
            assert_eq!(verdict(&program, number, 1), DENIED);
        }
    }
}
