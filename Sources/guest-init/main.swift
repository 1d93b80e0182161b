// SPDX-License-Identifier: MIT

print("placeholder")
