#define BOOST_TEST_MODULE client_runtime
#include <boost/test/unit_test.hpp>
