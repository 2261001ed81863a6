"""No network in the tests: neither for this process, nor for a child, nor for a notebook's kernel."""

import socket
import subprocess
import sys
import urllib.request

import nbformat
import pytest

from course.upkeep import notebooks

REFUSED = "the tests block the network, and this reaches for {}: use a file or a fake in its place"
TRY = """
import socket
try:
    socket.create_connection(("192.0.2.1", 80), timeout=5)
except OSError as error:
    print(error)
"""


def test_this_process_can_not_connect():
    with socket.socket() as outside, pytest.raises(OSError) as connect:
        outside.connect(("192.0.2.1", 80))
    with socket.socket() as outside, pytest.raises(OSError) as connect_ex:
        outside.connect_ex(("192.0.2.1", 80))
    with socket.socket(type=socket.SOCK_DGRAM) as outside, pytest.raises(OSError) as sendto:
        outside.sendto(b"hello", ("192.0.2.1", 80))
    assert {str(connect.value), str(connect_ex.value), str(sendto.value)} == {REFUSED.format("192.0.2.1")}


def test_a_name_is_not_even_looked_up():
    with pytest.raises(OSError, match="the tests block the network, and this reaches for example.org"):
        urllib.request.urlopen("http://example.org")
    with pytest.raises(OSError, match="reaches for example.org"):
        socket.getaddrinfo(b"example.org", 80)


def test_a_child_can_not_connect():
    done = subprocess.run([sys.executable, "-c", TRY], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == REFUSED.format("192.0.2.1")


def test_a_kernel_can_not_connect(tmp_path):
    nb = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(TRY)])
    notebooks.write(nb, tmp_path / "a.ipynb")
    ran = notebooks.run_notebook(tmp_path / "a.ipynb", tmp_path / "b.ipynb", progress=False)
    assert ran.cells[0].outputs[0].text.strip() == REFUSED.format("192.0.2.1")


def test_this_machine_can_be_reached():
    with socket.create_server(("127.0.0.1", 0)) as server:
        for name in ("localhost", "127.0.0.1"):
            socket.create_connection((name, server.getsockname()[1])).close()
