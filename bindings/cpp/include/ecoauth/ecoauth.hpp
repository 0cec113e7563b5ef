// ecoauth for C++17: the C interface with owners, exceptions or results, lambdas and stop tokens. Header only.
// <ecoauth/ecoauth.h> is the manual; what is said there about threads, blocking and errors holds here.
// SPDX-License-Identifier: MIT
#pragma once

#include <ecoauth/cpp/account.hpp>
#include <ecoauth/cpp/client.hpp>
#include <ecoauth/cpp/error.hpp>
#include <ecoauth/cpp/options.hpp>
#include <ecoauth/cpp/stop.hpp>
#include <ecoauth/cpp/store.hpp>
#include <ecoauth/cpp/values.hpp>
