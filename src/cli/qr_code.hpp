// An address as a QR code, for a phone beside the terminal.
#pragma once

#include <string>
#include <vector>

namespace ecoauth::cli {

/// Was this program built with libqrencode?
extern const bool qr_code_is_built_in;

/// Does the terminal show characters of Unicode, as far as the environment tells?
bool terminal_is_utf8();

/// Lines of half blocks, two rows of the code in each; empty when it cannot be made. `black_on_white`: the lines are
/// shown in these colours. Otherwise the light places are drawn, as is right on a dark terminal; most readers take the
/// other, too.
std::vector<std::string> qr_code_of(const std::string& text, bool black_on_white);

}  // namespace ecoauth::cli
