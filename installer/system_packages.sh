#!/usr/bin/env bash
# Debian and Ubuntu packages that the program and its tests use, installed where they are missing
# and this user may install; otherwise the one line to type is printed and the set-up stops.
set -euo pipefail

run_time=(libegl1 libgl1 libgl1-mesa-dri libxkbcommon0 libxkbcommon-x11-0 libxcb-cursor0
  libxcb-icccm4 libxcb-keysyms1 libxcb-shape0 libxcb-image0 libxcb-render-util0 libdbus-1-3
  libfontconfig1 fonts-dejavu-core python3-venv)
# Real cameras' stand-ins for tests and benchmarks, and Prometheus' own checker.
for_tests=(ffmpeg prometheus xvfb gir1.2-gst-rtsp-server-1.0 gstreamer1.0-rtsp
  gstreamer1.0-plugins-good gstreamer1.0-plugins-bad gstreamer1.0-plugins-ugly
  gstreamer1.0-libav python3-gi)

command -v dpkg-query >/dev/null || { echo "not a Debian system: see README for what is needed"; exit 0; }
missing=()
for package in "${run_time[@]}" "${for_tests[@]}"; do
  dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
[ ${#missing[@]} -eq 0 ] && exit 0

line="apt-get install -y --no-install-recommends ${missing[*]}"
if [ "$(id -u)" -eq 0 ]; then
  sudo=()
elif sudo -n true 2>/dev/null; then
  sudo=(sudo)
else
  echo "Some system packages are missing. Type this once, then start again:" >&2
  echo "  sudo $line" >&2
  exit 1
fi
echo "installing: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
"${sudo[@]}" apt-get update -qq || true
# shellcheck disable=SC2086  # the line is words on purpose
"${sudo[@]}" $line >/dev/null
# The Debian package starts a server that nobody asked for.
if command -v systemctl >/dev/null; then
  "${sudo[@]}" systemctl disable --now prometheus prometheus-node-exporter 2>/dev/null || true
fi
