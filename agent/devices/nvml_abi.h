/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nvml_abi.h - the part of NVIDIA's management library that Offpeak speaks: names, numbers and layouts, written down
 * from its public documentation (NVML API Reference Guide; each comment names the chapter). There is no header to build
 * against, and none is needed: the library is looked up at run time.
 *
 * The symbols are those with a version where the library has several: old ones stay in it with other layouts.
 */
#ifndef OFFPEAK_AGENT_NVML_ABI_H
#define OFFPEAK_AGENT_NVML_ABI_H

#define NVML_LIBRARY "libnvidia-ml.so.1" /* "Introduction": its name on Linux */

/* "Device Enums", nvmlReturn_t. */
enum {
        NVML_SUCCESS = 0,
        NVML_UNINITIALIZED = 1,
        NVML_INVALID_ARGUMENT = 2,
        NVML_NOT_SUPPORTED = 3,
        NVML_NO_PERMISSION = 4,
        NVML_NOT_FOUND = 6,
        NVML_INSUFFICIENT_SIZE = 7,
        NVML_DRIVER_NOT_LOADED = 9,
        NVML_TIMEOUT = 10,
        NVML_GPU_IS_LOST = 15,
        NVML_RESET_REQUIRED = 16,
        NVML_VERSION_MISMATCH = 18, /* NVML_ERROR_LIB_RM_VERSION_MISMATCH */
        NVML_UNKNOWN = 999,
};

enum {
        NVML_FEATURE_ENABLED = 1, /* "Device Enums", nvmlEnableState_t; nvmlDeviceGetMigMode has the same two values */
        NVML_CLOCK_SM = 1,        /* nvmlClockType_t */
        NVML_CLOCK_MEM = 2,
        NVML_ECC_UNCORRECTED = 1, /* nvmlMemoryErrorType_t */
        NVML_ECC_VOLATILE = 0,    /* nvmlEccCounterType_t: since the driver was loaded */
        NVML_UUID_SIZE = 96,      /* "Constants", NVML_DEVICE_UUID_V2_BUFFER_SIZE */
        NVML_NAME_SIZE = 96,      /* NVML_DEVICE_NAME_V2_BUFFER_SIZE */
        NVML_MAX_NVLINKS = 18,    /* NVML_NVLINK_MAX_LINKS */
        NVML_REMOTE_GPU = 0,      /* "NvLink Methods", nvmlIntNvLinkDeviceType_t */
        NVML_REMOTE_SWITCH = 2,
        NVML_REMOTE_UNKNOWN = 255,
        NVML_FIELD_NVLINK_SPEED = 164, /* "Field Value Enums", NVML_FI_DEV_NVLINK_GET_SPEED: MB/s; scope: the link */
        NVML_VALUE_UINT = 1,           /* nvmlValueType_t */
};

/* nvmlNvlinkVersion_t: 1.0, 2.0, 2.2, 3.0, 3.1, 4.0 and 5.0 are the numbers from 1 on. */
enum { NVML_NVLINK_1_0 = 1, NVML_NVLINK_2_0 = 2, NVML_NVLINK_4_0 = 6, NVML_NVLINK_5_0 = 7 };

#define NVML_EVENT_XID 0x8ULL /* "Event Types", nvmlEventTypeXidCriticalError */

/* "Device Structs". Handles are pointers that nobody looks into. */
struct nvml_utilization {
        unsigned int gpu, memory; /* percent */
};

struct nvml_memory {
        unsigned long long total, free, used; /* bytes */
};

struct nvml_pci { /* nvmlPciInfo_t */
        char legacy_bus_id[16];
        unsigned int domain, bus, device, device_id, subsystem_id;
        char bus_id[32];
};

struct nvml_field { /* nvmlFieldValue_t */
        unsigned int field, scope;
        long long timestamp, latency_us;
        int type, result;
        union {
                double real;
                unsigned int number;
                unsigned long long large;
        } value;
};

struct nvml_event { /* "Event Handling Methods", nvmlEventData_t of nvmlEventSetWait_v2 */
        void *device;
        unsigned long long type, data;
        unsigned int gpu_instance, compute_instance;
};

/*
 * X(field, symbol, needed, arguments): what is looked up. Chapters "Initialization and Cleanup", "Error reporting",
 * "Device Queries", "NvLink Methods", "Field Value Queries", "Device Commands", "Event Handling Methods". Without the
 * needed ones the library is of no use; all others may be missing from an older one.
 */
#define NVML_CALLS(X)                                                                                                  \
        X(init, "nvmlInit_v2", 1, (void))                                                                              \
        X(shutdown, "nvmlShutdown", 1, (void))                                                                         \
        X(find, "nvmlDeviceGetHandleByPciBusId_v2", 1, (const char *, void **))                                        \
        X(uuid, "nvmlDeviceGetUUID", 1, (void *, char *, unsigned int))                                                \
        X(name, "nvmlDeviceGetName", 0, (void *, char *, unsigned int))                                                \
        X(power, "nvmlDeviceGetPowerUsage", 0, (void *, unsigned int *))                                               \
        X(energy, "nvmlDeviceGetTotalEnergyConsumption", 0, (void *, unsigned long long *))                            \
        X(limit, "nvmlDeviceGetPowerManagementLimit", 0, (void *, unsigned int *))                                     \
        X(default_limit, "nvmlDeviceGetPowerManagementDefaultLimit", 0, (void *, unsigned int *))                      \
        X(bounds, "nvmlDeviceGetPowerManagementLimitConstraints", 0, (void *, unsigned int *, unsigned int *))         \
        X(set_limit, "nvmlDeviceSetPowerManagementLimit", 0, (void *, unsigned int))                                   \
        X(utilization, "nvmlDeviceGetUtilizationRates", 0, (void *, struct nvml_utilization *))                        \
        X(memory, "nvmlDeviceGetMemoryInfo", 0, (void *, struct nvml_memory *))                                        \
        X(clock, "nvmlDeviceGetClockInfo", 0, (void *, unsigned int, unsigned int *))                                  \
        X(ecc, "nvmlDeviceGetTotalEccErrors", 0, (void *, unsigned int, unsigned int, unsigned long long *))           \
        X(mig, "nvmlDeviceGetMigMode", 0, (void *, unsigned int *, unsigned int *))                                    \
        X(link_state, "nvmlDeviceGetNvLinkState", 0, (void *, unsigned int, unsigned int *))                           \
        X(link_version, "nvmlDeviceGetNvLinkVersion", 0, (void *, unsigned int, unsigned int *))                       \
        X(link_type, "nvmlDeviceGetNvLinkRemoteDeviceType", 0, (void *, unsigned int, unsigned int *))                 \
        X(link_remote, "nvmlDeviceGetNvLinkRemotePciInfo_v2", 0, (void *, unsigned int, struct nvml_pci *))            \
        X(fields, "nvmlDeviceGetFieldValues", 0, (void *, int, struct nvml_field *))                                   \
        X(event_set, "nvmlEventSetCreate", 0, (void **))                                                               \
        X(event_free, "nvmlEventSetFree", 0, (void *))                                                                 \
        X(event_register, "nvmlDeviceRegisterEvents", 0, (void *, unsigned long long, void *))                         \
        X(event_wait, "nvmlEventSetWait_v2", 0, (void *, struct nvml_event *, unsigned int))

#endif
