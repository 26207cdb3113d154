
#include <torch/csrc/inductor/cpp_prefix.h>
extern "C"  void  kernel(float* in_out_ptr0,
                       const at::BFloat16* in_ptr0,
                       const float* in_ptr1,
                       const at::BFloat16* in_ptr2,
                       const float* in_ptr3,
                       const float* in_ptr4,
                       const at::BFloat16* in_ptr5,
                       const float* in_ptr6,
                       const float* in_ptr7,
                       const float* in_ptr8,
                       float* out_ptr0,
                       float* out_ptr1,
                       float* out_ptr2,
                       float* out_ptr3,
                       float* out_ptr4,
                       float* out_ptr5)
{
    std::atomic<int> inductor_cpu_integer_div_error{0};
    inductor_cpu_integer_div_error_flag = &inductor_cpu_integer_div_error;
    {
        for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(64L); x0+=static_cast<int64_t>(32L))
        {
            {
                float tmp_acc0 = 0;
                at::vec::VectorizedN<float,2> tmp_acc0_vec = at::vec::VectorizedN<float,2>(0);
                float tmp_acc1 = 0;
                at::vec::VectorizedN<float,2> tmp_acc1_vec = at::vec::VectorizedN<float,2>(0);
                float tmp_acc2 = 0;
                at::vec::VectorizedN<float,2> tmp_acc2_vec = at::vec::VectorizedN<float,2>(0);
                float tmp_acc3 = 0;
                at::vec::VectorizedN<float,2> tmp_acc3_vec = at::vec::VectorizedN<float,2>(0);
                at::vec::VectorizedN<float,2> tmp_acc0_vec_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc0_vec_arr[i] = at::vec::VectorizedN<float,2>(0);
                }
                float tmp_acc0_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc0_arr[i] = 0;
                }
                at::vec::VectorizedN<float,2> tmp_acc1_vec_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc1_vec_arr[i] = at::vec::VectorizedN<float,2>(0);
                }
                float tmp_acc1_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc1_arr[i] = 0;
                }
                at::vec::VectorizedN<float,2> tmp_acc2_vec_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc2_vec_arr[i] = at::vec::VectorizedN<float,2>(0);
                }
                float tmp_acc2_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc2_arr[i] = 0;
                }
                at::vec::VectorizedN<float,2> tmp_acc3_vec_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc3_vec_arr[i] = at::vec::VectorizedN<float,2>(0);
                }
                float tmp_acc3_arr[2];
                for (int i = 0; i < 2; i++)
                {
                    tmp_acc3_arr[i] = 0;
                }
                #pragma omp parallel
                {
                    int tid = omp_get_thread_num();
                    at::vec::VectorizedN<float,2> tmp_acc0_vec_local = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc0_local = 0;
                    at::vec::VectorizedN<float,2> tmp_acc1_vec_local = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc1_local = 0;
                    at::vec::VectorizedN<float,2> tmp_acc2_vec_local = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc2_local = 0;
                    at::vec::VectorizedN<float,2> tmp_acc3_vec_local = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc3_local = 0;
                    #pragma omp for
                    for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(4096L); x1+=static_cast<int64_t>(1L))
                    {
                        {
                            if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                            {
                                auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr0 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp2 = at::vec::VectorizedN<float,2>::loadu(in_ptr1 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp3 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr2 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp6 = in_ptr3[static_cast<int64_t>(x1)];
                                auto tmp9 = in_ptr4[static_cast<int64_t>(x1)];
                                auto tmp13 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr5 + static_cast<int64_t>(x0 + 64L*x1), static_cast<int64_t>(32));
                                auto tmp15 = in_ptr6[static_cast<int64_t>(x1)];
                                auto tmp18 = in_ptr7[static_cast<int64_t>(x1)];
                                auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                                auto tmp4 = at::vec::convert<float,2,at::BFloat16,1>(tmp3);
                                auto tmp5 = tmp2 + tmp4;
                                auto tmp7 = at::vec::VectorizedN<float,2>(tmp6);
                                auto tmp8 = tmp5 - tmp7;
                                auto tmp10 = at::vec::VectorizedN<float,2>(tmp9);
                                auto tmp11 = tmp8 * tmp10;
                                auto tmp12 = tmp1 * tmp11;
                                auto tmp14 = at::vec::convert<float,2,at::BFloat16,1>(tmp13);
                                auto tmp16 = at::vec::VectorizedN<float,2>(tmp15);
                                auto tmp17 = tmp2 - tmp16;
                                auto tmp19 = at::vec::VectorizedN<float,2>(tmp18);
                                auto tmp20 = tmp17 * tmp19;
                                auto tmp21 = tmp14 * tmp20;
                                tmp_acc0_vec_local = tmp_acc0_vec_local + tmp12;
                                tmp_acc1_vec_local = tmp_acc1_vec_local + tmp21;
                                tmp_acc2_vec_local = tmp_acc2_vec_local + tmp1;
                                tmp_acc3_vec_local = tmp_acc3_vec_local + tmp14;
                            }
                        }
                    }
                    tmp_acc0_vec_arr[tid] = tmp_acc0_vec_local;
                    tmp_acc0_arr[tid] = tmp_acc0_local;
                    tmp_acc1_vec_arr[tid] = tmp_acc1_vec_local;
                    tmp_acc1_arr[tid] = tmp_acc1_local;
                    tmp_acc2_vec_arr[tid] = tmp_acc2_vec_local;
                    tmp_acc2_arr[tid] = tmp_acc2_local;
                    tmp_acc3_vec_arr[tid] = tmp_acc3_vec_local;
                    tmp_acc3_arr[tid] = tmp_acc3_local;
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc0_vec = tmp_acc0_vec + tmp_acc0_vec_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc0 = tmp_acc0 + tmp_acc0_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc1_vec = tmp_acc1_vec + tmp_acc1_vec_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc1 = tmp_acc1 + tmp_acc1_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc2_vec = tmp_acc2_vec + tmp_acc2_vec_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc2 = tmp_acc2 + tmp_acc2_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc3_vec = tmp_acc3_vec + tmp_acc3_vec_arr[tid];
                }
                for (int tid = 0; tid < 2; tid++)
                {
                    tmp_acc3 = tmp_acc3 + tmp_acc3_arr[tid];
                }
                if(C10_LIKELY(x0 >= static_cast<int64_t>(0) && x0 < static_cast<int64_t>(64L)))
                {
                    tmp_acc0_vec.store(out_ptr0 + static_cast<int64_t>(x0));
                    tmp_acc1_vec.store(out_ptr1 + static_cast<int64_t>(x0));
                    tmp_acc2_vec.store(out_ptr2 + static_cast<int64_t>(x0));
                    tmp_acc3_vec.store(out_ptr3 + static_cast<int64_t>(x0));
                }
            }
        }
    }
    #pragma omp parallel
    {
        int tid = omp_get_thread_num();
        {
            #pragma omp for
            for(int64_t x0=static_cast<int64_t>(0L); x0<static_cast<int64_t>(4096L); x0+=static_cast<int64_t>(1L))
            {
                {
                    float tmp_acc0 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc0_vec = at::vec::VectorizedN<float,2>(0);
                    float tmp_acc1 = 0;
                    at::vec::VectorizedN<float,2> tmp_acc1_vec = at::vec::VectorizedN<float,2>(0);
                    for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(64L); x1+=static_cast<int64_t>(32L))
                    {
                        {
                            if(C10_LIKELY(x1 >= static_cast<int64_t>(0) && x1 < static_cast<int64_t>(64L)))
                            {
                                auto tmp0 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr5 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                                auto tmp2 = at::vec::VectorizedN<float,2>::loadu(in_ptr8 + static_cast<int64_t>(x1), static_cast<int64_t>(32));
                                auto tmp4 = at::vec::VectorizedN<float,2>::loadu(in_ptr1 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                                auto tmp5 = in_ptr6[static_cast<int64_t>(x0)];
                                auto tmp8 = in_ptr7[static_cast<int64_t>(x0)];
                                auto tmp1 = at::vec::convert<float,2,at::BFloat16,1>(tmp0);
                                auto tmp3 = tmp1 * tmp2;
                                auto tmp6 = at::vec::VectorizedN<float,2>(tmp5);
                                auto tmp7 = tmp4 - tmp6;
                                auto tmp9 = at::vec::VectorizedN<float,2>(tmp8);
                                auto tmp10 = tmp7 * tmp9;
                                auto tmp11 = tmp3 * tmp10;
                                tmp_acc0_vec = tmp_acc0_vec + tmp3;
                                tmp_acc1_vec = tmp_acc1_vec + tmp11;
                            }
                        }
                    }
                    tmp_acc0 = tmp_acc0 + at::vec::vec_reduce_all<float, 2>([](at::vec::Vectorized<float>& x, at::vec::Vectorized<float>& y) { return x + y; }, tmp_acc0_vec);
                    out_ptr4[static_cast<int64_t>(x0)] = static_cast<float>(tmp_acc0);
                    tmp_acc1 = tmp_acc1 + at::vec::vec_reduce_all<float, 2>([](at::vec::Vectorized<float>& x, at::vec::Vectorized<float>& y) { return x + y; }, tmp_acc1_vec);
                    out_ptr5[static_cast<int64_t>(x0)] = static_cast<float>(tmp_acc1);
                }
                for(int64_t x1=static_cast<int64_t>(0L); x1<static_cast<int64_t>(64L); x1+=static_cast<int64_t>(32L))
                {
                    {
                        if(C10_LIKELY(x1 >= static_cast<int64_t>(0) && x1 < static_cast<int64_t>(64L)))
                        {
                            auto tmp0 = at::vec::VectorizedN<float,2>::loadu(in_out_ptr0 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp1 = in_ptr7[static_cast<int64_t>(x0)];
                            auto tmp4 = at::vec::Vectorized<at::BFloat16>::loadu(in_ptr5 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp6 = at::vec::VectorizedN<float,2>::loadu(in_ptr8 + static_cast<int64_t>(x1), static_cast<int64_t>(32));
                            auto tmp10 = out_ptr4[static_cast<int64_t>(x0)];
                            auto tmp13 = at::vec::VectorizedN<float,2>::loadu(in_ptr1 + static_cast<int64_t>(x1 + 64L*x0), static_cast<int64_t>(32));
                            auto tmp14 = in_ptr6[static_cast<int64_t>(x0)];
                            auto tmp19 = out_ptr5[static_cast<int64_t>(x0)];
                            auto tmp2 = static_cast<float>(64.0);
                            auto tmp3 = tmp1 / tmp2;
                            auto tmp5 = at::vec::convert<float,2,at::BFloat16,1>(tmp4);
                            auto tmp7 = tmp5 * tmp6;
                            auto tmp8 = at::vec::VectorizedN<float,2>(tmp2);
                            auto tmp9 = tmp7 * tmp8;
                            auto tmp11 = at::vec::VectorizedN<float,2>(tmp10);
                            auto tmp12 = tmp9 - tmp11;
                            auto tmp15 = at::vec::VectorizedN<float,2>(tmp14);
                            auto tmp16 = tmp13 - tmp15;
                            auto tmp17 = at::vec::VectorizedN<float,2>(tmp1);
                            auto tmp18 = tmp16 * tmp17;
                            auto tmp20 = at::vec::VectorizedN<float,2>(tmp19);
                            auto tmp21 = tmp18 * tmp20;
                            auto tmp22 = tmp12 - tmp21;
                            auto tmp23 = at::vec::VectorizedN<float,2>(tmp3);
                            auto tmp24 = tmp23 * tmp22;
                            auto tmp25 = tmp0 + tmp24;
                            tmp25.store(in_out_ptr0 + static_cast<int64_t>(x1 + 64L*x0));
                        }
                    }
                }
            }
        }
    }
    inductor_cpu_integer_div_error_flag = nullptr;
    inductor_cpu_throw_if_integer_div_error(inductor_cpu_integer_div_error);
}

// Python bindings to call kernel():
#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <sstream>
#include <cstdlib>
#include <cerrno>

// This is defined in guards.cpp so we don't need to import PyTorch headers that are slooow.
// We manually link it below to workaround issues with fbcode build.
static void* (*_torchinductor_pyobject_tensor_data_ptr)(PyObject* obj);

template <typename T> static inline T parse_arg(PyObject* const* args, size_t n) {
    static_assert(std::is_pointer_v<T>, "arg type must be pointer or long");
    return static_cast<T>(_torchinductor_pyobject_tensor_data_ptr(args[n]));
}
template <> inline int64_t parse_arg<int64_t>(PyObject* const* args, size_t n) {
    auto result = PyLong_AsSsize_t(args[n]);
    if(result == -1 && PyErr_Occurred()) [[unlikely]]
        throw std::runtime_error("expected int arg");
    return result;
}
template <> inline uintptr_t parse_arg<uintptr_t>(PyObject* const* args, size_t n) {
    auto result = PyLong_AsVoidPtr(args[n]);
    if(result == reinterpret_cast<void*>(-1) && PyErr_Occurred()) [[unlikely]]
        throw std::runtime_error("expected int arg");
    return reinterpret_cast<uintptr_t>(result);
}
template <> inline float parse_arg<float>(PyObject* const* args, size_t n) {
    auto result = PyFloat_AsDouble(args[n]);
    if(result == -1.0 && PyErr_Occurred()) [[unlikely]]
        throw std::runtime_error("expected float arg");
    return static_cast<float>(result);
}



static PyObject* kernel_py(PyObject* self, PyObject* const* args, Py_ssize_t nargs) {
    try {
        if(nargs != 16) [[unlikely]]
            throw std::runtime_error("requires 16 args");
        kernel(parse_arg<float*>(args, 0), parse_arg<at::BFloat16*>(args, 1), parse_arg<float*>(args, 2), parse_arg<at::BFloat16*>(args, 3), parse_arg<float*>(args, 4), parse_arg<float*>(args, 5), parse_arg<at::BFloat16*>(args, 6), parse_arg<float*>(args, 7), parse_arg<float*>(args, 8), parse_arg<float*>(args, 9), parse_arg<float*>(args, 10), parse_arg<float*>(args, 11), parse_arg<float*>(args, 12), parse_arg<float*>(args, 13), parse_arg<float*>(args, 14), parse_arg<float*>(args, 15)); Py_RETURN_NONE;
    } catch(std::exception const& e) {
        PyErr_SetString(PyExc_RuntimeError, e.what());
        return nullptr;
    } catch(...) {
        PyErr_SetString(PyExc_RuntimeError, "unhandled error");
        return nullptr;
    }
}

static PyMethodDef py_methods[] = {
    {
        "kernel",
        reinterpret_cast<PyCFunction>(reinterpret_cast<void (*)()>(kernel_py)),
        METH_FASTCALL,
        ""
    },
    {NULL, NULL, 0, NULL}};

static struct PyModuleDef py_module =
    {PyModuleDef_HEAD_INIT, "kernel", NULL, -1, py_methods};

PyMODINIT_FUNC PyInit_kernel(void) {
    const char* str_addr = std::getenv("_TORCHINDUCTOR_PYOBJECT_TENSOR_DATA_PTR");
    if(!str_addr) {
        PyErr_SetString(PyExc_RuntimeError, "_TORCHINDUCTOR_PYOBJECT_TENSOR_DATA_PTR must be set");
        return nullptr;
    }

    char* endptr = nullptr;
    errno = 0;
    uintptr_t addr = std::strtoull(str_addr, &endptr, 10);
    if(errno != 0 || endptr == str_addr || addr == 0) {
        PyErr_SetString(PyExc_RuntimeError, "Failed to parse _TORCHINDUCTOR_PYOBJECT_TENSOR_DATA_PTR");
        return nullptr;
    }
    _torchinductor_pyobject_tensor_data_ptr =
        reinterpret_cast<decltype(_torchinductor_pyobject_tensor_data_ptr)>(addr);
    PyObject* module = PyModule_Create(&py_module);
    if (module == NULL) {
        return NULL;
    }
    #ifdef Py_GIL_DISABLED
        PyUnstable_Module_SetGIL(module, Py_MOD_GIL_NOT_USED);
    #endif
    return module;
}
