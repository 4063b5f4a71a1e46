/* SPDX-License-Identifier: Apache-2.0 */
#include "io/http_reason.h"

#include "base/fail.h"

static const struct {
        CURLcode code;
        const char *text;
} reasons[] = {
        { CURLE_COULDNT_RESOLVE_HOST, "there is no such machine, or no name server answers" },
        { CURLE_COULDNT_RESOLVE_PROXY, "the proxy's name cannot be resolved: look at $https_proxy" },
        { CURLE_COULDNT_CONNECT, "nobody answers there: the machine is down, or something keeps us from it" },
        { CURLE_GOT_NOTHING, "the server closed the connection without an answer" },
        { CURLE_RECV_ERROR, "the connection was reset" },
        { CURLE_SEND_ERROR, "the connection was reset" },
        { CURLE_PARTIAL_FILE, "the answer ended in the middle" },
        { CURLE_BAD_CONTENT_ENCODING, "the answer is packed in a way that is damaged or not known here" },
        { CURLE_WEIRD_SERVER_REPLY, "what answers there is no web server" },
        { CURLE_UNSUPPORTED_PROTOCOL, "what answers there is no web server" },
        { CURLE_SSL_CONNECT_ERROR, "no secure connection came about: does the server speak TLS 1.2 or newer?" },
        { CURLE_SSL_CACERT_BADFILE, "the file of \"ca\" cannot be read, or holds no certificate" },
        { CURLE_HTTP2, "the connection broke within HTTP/2" },
        { CURLE_HTTP2_STREAM, "the connection broke within HTTP/2" },
        { CURLE_OUT_OF_MEMORY, "out of memory" },
};

/* OpenSSL's numbers of what may be wrong with a certificate (X509_V_ERR_*), as CURLINFO_SSL_VERIFYRESULT tells them. */
static const char *certificate_reason(long result)
{
        switch (result) {
        case 9:
                return "is not valid yet: look at the clocks";
        case 10:
                return "has expired";
        case 18:
        case 19:
                return "is signed by itself: name the file of its authority with \"ca\", if you trust it";
        case 2:
        case 20:
        case 21:
                return "is signed by nobody whom this machine knows: name the file of its authority with \"ca\"";
        default:
                return "is not of this machine's name, or not to be trusted";
        }
}

int http_reason(CURLcode result, long verified, struct offpeak_error *err)
{
        if (result == CURLE_PEER_FAILED_VERIFICATION)
                return fail(err, OFFPEAK_EIO, "the server's certificate %s", certificate_reason(verified));
        for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++)
                if (reasons[i].code == result)
                        return fail(err, OFFPEAK_ETRYAGAIN, "%s", reasons[i].text);
        return fail(err, OFFPEAK_ETRYAGAIN, "%s", curl_easy_strerror(result));
}
