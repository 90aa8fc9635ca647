"""Ports that are in use are named, with who has them, and another is taken."""

import os
import socket

from treffa.embedded.ports import HOST, Ports


def test_a_port_in_use_is_named_with_its_holder_and_another_is_taken() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        ports = Ports()
        other = ports.take(part="web", preferred=port)
        ports.release()
    assert other != port
    assert len(ports.notes) == 1
    assert ports.notes[0].startswith(f"port {port} is in use by ")
    assert f"(pid {os.getpid()})" in ports.notes[0]
    assert ports.notes[0].endswith(f"web takes {other}")


def test_a_free_preferred_port_is_taken_without_a_word() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    ports = Ports()
    assert ports.take(part="web", preferred=port) == port
    assert ports.notes == []
    ports.release()


def test_no_port_is_given_twice() -> None:
    ports = Ports()
    given = [ports.take(part=f"part {number}") for number in range(20)]
    ports.release()
    assert len(set(given)) == 20


def test_two_stacks_that_start_at_the_same_moment_take_different_ports() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    first, second = Ports(), Ports()
    assert first.take(part="web", preferred=port) == port
    first.release()  # its parts have not begun to listen
    assert second.take(part="web", preferred=port) != port
    assert second.notes[0].startswith(f"port {port} is in use by another process; web takes ")
    second.release()


def test_a_port_is_free_for_others_once_its_stack_is_gone() -> None:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    first = Ports()
    first.take(part="web", preferred=port)
    first.release()
    del first
    assert Ports().take(part="web", preferred=port) == port
