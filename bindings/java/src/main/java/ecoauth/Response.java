// SPDX-License-Identifier: MIT
package ecoauth;

import com.sun.jna.Pointer;
import java.nio.charset.StandardCharsets;

/** The API's answer to an authorized request; {@code apiStatus} is -1 when the body has none. */
public record Response(int httpStatus, int apiStatus, byte[] body, String contentType) {
    static Response copy(Pointer response) {
        Api api = Api.get();
        byte[] body = api.response_body(response).getByteArray(0, api.response_body_bytes(response).intValue());
        return new Response(api.response_http_status(response), api.response_api_status(response), body,
            api.response_content_type(response));
    }

    /** The body as UTF-8. */
    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }

    @Override
    public String toString() {
        return "Response[httpStatus=" + httpStatus + ", apiStatus=" + apiStatus + ", " + body.length + " bytes]";
    }
}
