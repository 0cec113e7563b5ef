/* ecoauth: how its symbols are declared.
 * SPDX-License-Identifier: MIT */
#ifndef ECOAUTH_EXPORT_H
#define ECOAUTH_EXPORT_H

#if defined(__GNUC__)
#define ECOAUTH_EXPORT __attribute__((visibility("default")))
#else
#define ECOAUTH_EXPORT
#endif

#ifdef __cplusplus
#define ECOAUTH_BEGIN_DECLS extern "C" {
#define ECOAUTH_END_DECLS }
#else
#define ECOAUTH_BEGIN_DECLS
#define ECOAUTH_END_DECLS
#endif

#endif
